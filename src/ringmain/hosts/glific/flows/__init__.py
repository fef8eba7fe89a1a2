"""Glific's flows outside of Glific: read, played and looked over.

definition.py    what a flow consists of          reading.py       an exported file → flows
contact.py       who talks to it                  languages.py     a language's name and code
substitution.py  `@results.name` in a text        expression.py    `<%= … %>` in a text
cases.py         whether an input fits a case     routing.py       which way a node is left
events.py        what a player tells              state.py         where a conversation stands
webhooks.py      a call and what comes back       functions.py     the functions that Glific itself has
house.py         what stands around the flows
actions.py       what a node does                 running.py       one pass, as far as it goes without an answer
player.py        start, hear, wait, answer        lint.py          what will hurt

Nothing here does any I/O: a player takes a state and an input and gives events and the next state.
"""

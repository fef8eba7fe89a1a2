# %% [markdown]
# # ringmain - Create chat completion
#
# **Tags:** #ringmain #openai #chat #completion #model #response #python
#
# **Author:** ringmain
#
# **Description:** This notebook gives a model a part to play and shows its first message.
# A system message alone is enough: the model opens the conversation.
# What you ask goes through your team's hub, which knows the model, counts the tokens and says what they cost.
#
# **References:**
# - [Chat completions](https://platform.openai.com/docs/api-reference/chat/create) in OpenAI's reference: what each parameter does
# - `GUIDE`, your hub's guide for notebooks

# %% [markdown]
# ## Input
#
# ### Import libraries

# %%
# %pip install -q ringmain

# %%
import os

import ringmain

# %% [markdown]
# ### Setup variables
# - `hub`: The address of your team's hub. Empty: what `RINGMAIN_URL` or `OPENAI_API_KEY` in the environment lead to.
# - `model`: ID of the model to use. Empty: the one that your account at the hub is set to.
# - `temperature`: How much chance there is in the answer, from 0 to 2.
# - `max_tokens`: The most that the answer may be long, in tokens; about four letters are one.
# - `messages_role`: Who speaks first: `system`, `user` or `assistant`.
# - `messages_system`: What the first message says.

# %% tags=["parameters"]
hub = ""
model = ""
temperature = 0.9
max_tokens = 2084
messages_role = "system"
messages_system = """
You are Camille, who cooks for people with little time.
You know dishes that are good for the body, quick to make and easy on the purse.
Begin by saying in two sentences who you are and how you can help.
Then ask, as a list, what you need to know: what is eaten and what is not, habits and health, the place
and its season, and what is wanted: a plan for the week, a dinner for friends, or something else.
"""

# %% [markdown]
# ### Connect
# The key of your account at the hub comes from the environment variable `RINGMAIN_KEY`, or from what
# `ringmain.secret.add("RINGMAIN_KEY")` has kept. Where neither has it you are asked, and no cell shows it.

# %%
if hub:
    os.environ["RINGMAIN_URL"] = hub
    os.environ["RINGMAIN_KEY"] = ringmain.secret.get("RINGMAIN_KEY", prompt=True)

# %% [markdown]
# ## Model
#
# ### Create the chat completion

# %%
messages = [{"role": messages_role, "content": messages_system}]
reply = ringmain.ask(messages=messages, model=model or None, temperature=temperature, max_tokens=max_tokens)

# %% [markdown]
# ## Output
#
# ### Display result

# %%
reply

# %% [markdown]
# # ringmain - Classify a table
#
# **Tags:** #ringmain #openai #chat #classification #table #pandas #python
#
# **Author:** ringmain
#
# **Description:** This notebook asks a model once for every row of a table and writes one of your labels beside it.
# It keeps to the pace that the provider takes, goes on where it was stopped, and ends at the cost that you allow.
#
# **References:**
# - [Chat completions](https://platform.openai.com/docs/api-reference/chat/create) in OpenAI's reference: what each parameter does
# - `GUIDE`, your hub's guide for notebooks

# %% [markdown]
# ## Input
#
# ### Import libraries

# %%
# %pip install -q ringmain pandas

# %%
import os

import pandas as pd

import ringmain

# %% [markdown]
# ### Setup variables
# - `hub`: The address of your team's hub. Empty: what `RINGMAIN_URL` or `OPENAI_API_KEY` in the environment lead to.
# - `model`: ID of the model to use. Empty: the one that your account at the hub is set to.
# - `file`: A CSV with your table. Empty: the four rows below.
# - `prompt`: What is asked for each row; `{message}` stands for what the column of that name says.
# - `labels`: The answers to choose from.
# - `max_tokens`: The most that a label may be long, in tokens.
# - `max_cost`: The most that all rows may cost, in USD, where the model's price is known. `None`: what your account allows.
# - `kept`: A file in which every answer is kept at once; run again, the notebook asks only what is missing. Empty: none.

# %% tags=["parameters"]
hub = ""
model = ""
file = ""
prompt = "{message}"
labels = ["order", "complaint", "praise", "other"]
max_tokens = 10
max_cost = None
kept = ""

# %% [markdown]
# ### Connect
# The key of your account at the hub comes from the environment variable `RINGMAIN_KEY`, or from what
# `ringmain.secret.add("RINGMAIN_KEY")` has kept. Where neither has it you are asked, and no cell shows it.

# %%
if hub:
    os.environ["RINGMAIN_URL"] = hub
    os.environ["RINGMAIN_KEY"] = ringmain.secret.get("RINGMAIN_KEY", prompt=True)

# %% [markdown]
# ### Read the table

# %%
sample = [
    "Two loaves for Friday, please.",
    "The rolls were burnt again.",
    "Best croissants in town!",
    "Do you know when the library opens?",
]
table = pd.read_csv(file) if file else pd.DataFrame({"message": sample})

# %% [markdown]
# ## Model
#
# ### Ask for every row

# %%
answered = ringmain.chat_map(
    table,
    prompt,
    system=f"Say which of these the message is, with that one word and nothing else: {', '.join(labels)}.",
    model=model or None,
    temperature=0,
    max_tokens=max_tokens,
    max_cost=max_cost,
    keep=kept or None,
)

# %% [markdown]
# ### Take each answer for one of the labels
# What a model says beside them is no label, and stays empty for you to look at.

# %%
known = {label.lower(): label for label in labels}
said = answered["answer"].fillna("").str.strip(" .\n\"'").str.lower()
answered["label"] = said.map(known).fillna("")

# %% [markdown]
# ## Output
#
# ### Display result

# %%
answered[[*table.columns, "label", "answer", "status", "reason"]]

# %%
answered["label"].value_counts()

# %% [markdown]
# ### What it took

# %%
answered[["input_tokens", "output_tokens", "cost"]].sum(min_count=1)

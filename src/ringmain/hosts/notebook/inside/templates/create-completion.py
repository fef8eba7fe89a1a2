# %% [markdown]
# # ringmain - Create completion
#
# **Tags:** #ringmain #openai #completion #model #response #python
#
# **Author:** ringmain
#
# **Description:** This notebook has a model go on with a text, up to the one that follows it, if you give one.
# Where a model knows chats only it is asked by chat, and a notice below the answer says so.
#
# **References:**
# - [Completions](https://platform.openai.com/docs/api-reference/completions/create) in OpenAI's reference: what each parameter does
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
# - `prompt`: The text to go on with.
# - `suffix`: The text that comes after the answer. Empty: nothing does. Few models know how to write towards an end.
# - `temperature`: How much chance there is in the answer, from 0 to 2.
# - `max_tokens`: The most that the answer may be long, in tokens; about four letters are one.

# %% tags=["parameters"]
hub = ""
model = ""
prompt = "Three names for a bakery that opens at five in the morning:\n1."
suffix = ""
temperature = 0.7
max_tokens = 60

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
# ### Create the completion

# %%
reply = ringmain.ask(
    prompt,
    mode="completion",
    suffix=suffix or None,
    model=model or None,
    temperature=temperature,
    max_tokens=max_tokens,
)

# %% [markdown]
# ## Output
#
# ### Display result

# %%
reply

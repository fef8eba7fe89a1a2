# %% [markdown]
# # ringmain - Voice note to answer
#
# **Tags:** #ringmain #openai #audio #transcription #chat #python
#
# **Author:** ringmain
#
# **Description:** This notebook writes down what is said in a voice note and has a model answer it.
# These are two asks, and each has its own line of tokens and cost.
#
# **References:**
# - [Transcriptions](https://platform.openai.com/docs/api-reference/audio/createTranscription) in OpenAI's reference: what each parameter does
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
# - `sound`: The file with the voice note, of at most 25 MiB: Ogg, MP3, WAV, M4A, WebM, FLAC, AAC or AMR.
# - `language`: What is spoken, in two letters such as `en`. Empty: the model finds out.
# - `words`: Names and words that may come up, which help the model to spell them.
# - `model_of_sound`: ID of the model that hears. Empty: the one that the hub suggests.
# - `model`: ID of the model that answers. Empty: the one that your account at the hub is set to.
# - `system`: Whom the answer comes from, and how.
# - `max_tokens`: The most that the answer may be long, in tokens; about four letters are one.

# %% tags=["parameters"]
hub = ""
sound = "voice-note.ogg"
language = ""
words = ""
model_of_sound = ""
model = ""
system = "You answer the telephone of a bakery. Be brief and kind, and promise nothing that you do not know."
max_tokens = 200

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
# ### Write down what is said

# %%
heard = ringmain.transcribe(sound, model=model_of_sound or None, language=language or None, prompt=words or None)

# %% [markdown]
# ### Answer it

# %%
reply = ringmain.ask(heard.text, system=system, model=model or None, max_tokens=max_tokens)

# %% [markdown]
# ## Output
#
# ### Display what was heard

# %%
heard

# %% [markdown]
# ### Display the answer

# %%
reply

// @ts-check
"use strict";

/**
 * Completions and Chat in ToolJet, from a ringmain hub, from OpenAI itself, or from any server of that form.
 *
 * ToolJet's server loads this file as it stands and calls `run` for a query, `testConnection` for the button of the
 * data source, and `invokeMethod` for the list of models. Nothing is built, and nothing but Node itself is needed.
 *
 * A query goes one way: connection and ask are read, the call is made, text or the whole response comes back.
 * Whatever fails is a `QueryError`: one sentence, the fix, and `{statusCode, type, code, requestId}`.
 *
 * @typedef {Record<string, unknown>} Fields
 *
 * @typedef {object} Connection where is asked, in whose name
 * @property {string} base address with /v1
 * @property {string} key
 * @property {string} organization
 * @property {string} model asked where the query names none; may be empty
 * @property {number} seconds that a query may take
 *
 * @typedef {object} Ask one request
 * @property {"completions" | "chat/completions"} path
 * @property {Fields} body
 * @property {boolean} full whether the whole response is wanted
 * @property {string[]} cuts where the text is cut here, because the model takes no stop
 * @property {string[]} notices what was done beside what was asked for
 * @property {string[]} words that were sent, which no error may tell, the longest first
 *
 * @typedef {object} Answer
 * @property {number} status
 * @property {Headers} headers
 * @property {any} body JSON; undefined where it is none
 *
 * @typedef {object} Deadline
 * @property {number} seconds that it was set to
 * @property {AbortSignal} signal aborts what runs then
 * @property {() => number} left seconds
 */

const OPENAI = "https://api.openai.com/v1";
const SECONDS = 60;
const MOST_SECONDS = 300;
const TEST_SECONDS = 15;
const MOST_TRIES = 3;
const MOST_WAIT = 10;
const LARGEST = 16 << 20;
const LONGEST_ROLE = "assistant".length;

/** The server knows an error by the name of its class, and passes nothing on of any other. */
class QueryError extends Error {
  /**
   * @param {string} message one sentence
   * @param {string} description what to do
   * @param {Fields} data
   */
  constructor(message, description, data = {}) {
    super(message);
    this.name = "QueryError";
    this.description = description;
    this.data = { statusCode: null, type: null, code: null, requestId: null, ...data };
  }
}

/** What ToolJet makes an instance of. */
class Ringmain {
  /**
   * What a query gives: the text, or the whole response.
   *
   * @param {Fields} sourceOptions
   * @param {Fields} queryOptions
   */
  async run(sourceOptions, queryOptions) {
    const connection = connectionOf(sourceOptions);
    const ask = askOf(queryOptions, connection);
    const deadline = within(secondsOf(connection, queryOptions));
    const { answer, asked } = await answered(connection, ask, deadline);
    return { status: "ok", data: asked.full ? wholeOf(answer, asked) : textOf(answer, asked) };
  }

  /**
   * Nothing but `ok`, or an error that names the part that fails: address, key, organization or model.
   *
   * @param {Fields} sourceOptions
   */
  async testConnection(sourceOptions) {
    const connection = connectionOf(sourceOptions);
    const deadline = within(Math.min(connection.seconds, TEST_SECONDS));
    const answer = await call(connection, "models", null, deadline);
    if (answer.status !== 200) throw await blamed(answer, connection, deadline);
    const names = namesOf(answer, connection);
    if (!names.length) throw noModels(answer);
    await provenKey(connection, deadline);
    if (connection.model && !names.includes(connection.model)) await known(connection, deadline);
    return { status: "ok" };
  }

  /**
   * The models of the server, for the list in the editor.
   *
   * @param {string} methodName
   * @param {unknown} _context
   * @param {Fields} sourceOptions
   */
  async invokeMethod(methodName, _context, sourceOptions) {
    if (methodName !== "models") throw invalid(`There is no method ${methodName}`, "It is called models.");
    const connection = connectionOf(sourceOptions);
    const answer = await call(connection, "models", null, within(Math.min(connection.seconds, TEST_SECONDS)));
    if (answer.status !== 200) throw refusal(answer, connection);
    const usual = connection.model ? `The default model: ${connection.model}` : "The default model";
    const names = talking(namesOf(answer, connection)).sort();
    return { data: [{ label: usual, value: "" }, ...names.map((name) => ({ label: name, value: name }))] };
  }
}

// What the data source says ----------------------------------------------------------------------------------------

/**
 * @param {Fields} source
 * @returns {Connection}
 */
function connectionOf(source) {
  const connection = {
    base: baseOf(trimmed(source.base_url)),
    key: printable(source.apiKey, "API key"),
    organization: printable(source.organizationId, "Organization ID"),
    model: trimmed(source.model),
    seconds: numberOf(source.timeout, "The timeout", { least: 1, most: MOST_SECONDS }) ?? SECONDS,
  };
  if (connection.base === OPENAI && !connection.key) {
    throw misset("There is no API key", "Enter OpenAI's key in the data source, or the base URL of your own server.");
  }
  return connection;
}

const ENDPOINT = /\/(chat\/completions|completions|responses|models)$/;
const ROOM = /\/hosts\/tooljet(\/.*)?$/;

/** Where a machine in a cloud is told its own secrets (2026-11); the URL has brought other spellings into these. */
const METADATA = [
  /^(169\.254\.\d+\.\d+|100\.100\.100\.200|168\.63\.129\.16|192\.0\.0\.192)$/,
  /^\[(fe[89ab][0-9a-f]:.*|fd00:ec2::254|fd20:ce::254)\]$/,
  /^\[(::(ffff:(0:)?)?|64:ff9b::)(a9fe:[0-9a-f]+|6464:64c8|a83f:8110|c000:c0)\]$/,
  /^(metadata\.google\.internal|metadata\.goog|instance-data\.ec2\.internal)\.?$/,
];

/**
 * The base URL that was meant: the address of a hub, of its room or of an endpoint does as well.
 *
 * @param {string} given
 */
function baseOf(given) {
  if (!given) return OPENAI;
  const url = urlOf(given);
  if (!url || !/^https?:$/.test(url.protocol)) {
    throw misset("The base URL is no address", "Enter it with http:// or https://, as in https://hub.example.org/v1.");
  }
  if (url.username || url.password || url.search || url.hash) {
    throw misset("The base URL holds more than an address", "Leave out names, passwords, ? and #.");
  }
  if (METADATA.some((place) => place.test(url.hostname))) {
    throw misset("The base URL leads to the machine's own metadata", "Enter the address of a hub or a provider.");
  }
  const path = url.pathname.replace(/\/+$/, "").replace(ENDPOINT, "").replace(ROOM, "/v1");
  return `${url.origin}${path || "/v1"}`;
}

/** @param {string} given */
function urlOf(given) {
  try {
    return new URL(given);
  } catch {
    return null;
  }
}

/**
 * A text that a header may hold.
 *
 * @param {unknown} value
 * @param {string} name
 */
function printable(value, name) {
  const given = trimmed(value);
  if (/[^\x21-\x7e]/.test(given)) {
    throw misset(`The ${name} has characters that cannot be sent`, "Paste it again, without blanks and line breaks.");
  }
  return given;
}

// What the query says ----------------------------------------------------------------------------------------------

/**
 * @param {Fields} query
 * @param {Connection} connection
 * @returns {Ask}
 */
function askOf(query, connection) {
  const operation = trimmed(query.operation);
  switch (operation) {
    case "completion":
      return requestOf("completions", query, connection, { prompt: promptOf(query), suffix: textIn(query.suffix) }, 1);
    case "chat":
      return requestOf("chat/completions", query, connection, { messages: messagesOf(query) }, 2);
    default:
      throw invalid(
        operation ? `There is no operation ${operation.slice(0, 40)}` : "The query names no operation",
        "Choose Completions or Chat; images and embeddings are not asked for here.",
      );
  }
}

/**
 * @param {Ask["path"]} path
 * @param {Fields} query
 * @param {Connection} connection
 * @param {Fields} said
 * @param {number} hottest
 * @returns {Ask}
 */
function requestOf(path, query, connection, said, hottest) {
  /** @type {Fields} */
  const body = {
    model: trimmed(query.model) || connection.model || undefined,
    ...said,
    max_tokens: numberOf(query.max_tokens, "Max tokens", { least: 1, whole: true }),
    temperature: numberOf(query.temperature, "Temperature", { least: 0, most: hottest }),
    stop: stopOf(query.stop_sequence),
    ...advancedOf(query.advanced_parameters),
  };
  if (!body.model && connection.base === OPENAI) {
    throw invalid("No model is named", "Choose one in the query, or a default model in the data source.");
  }
  const words = textsIn([query.prompt, query.suffix, said, body.messages, body.prompt]);
  return { path, body, full: isOn(query.full_response), cuts: [], notices: [], words };
}

/** @param {Fields} query */
function promptOf(query) {
  const prompt = textIn(query.prompt);
  if (!prompt) throw invalid("There is no prompt", "Enter one; a binding may be empty when the query runs.");
  return prompt;
}

/** @param {Fields} query */
function messagesOf(query) {
  const prompt = promptOf(query);
  const told = textIn(query.system_prompt);
  return [
    ...(told ? [{ role: "system", content: told }] : []),
    ...historyOf(query.message_history),
    { role: "user", content: followed(prompt, textIn(query.suffix)) },
  ];
}

/**
 * A chat's question, with the text that its answer runs into, for which only completions have a field.
 *
 * @param {string} prompt
 * @param {unknown} suffix
 */
function followed(prompt, suffix) {
  const told = "The text below will stand right after your answer. Write the answer so that the two join, and repeat";
  return suffix ? `${prompt}\n\n${told} none of it:\n\n${suffix}` : prompt;
}

/**
 * A completion as a question for a model that only chats.
 *
 * @param {string} prompt
 * @param {unknown} suffix
 */
function gapped(prompt, suffix) {
  const told = "Write only the text that belongs where [...] stands, so that it joins what comes before and after.";
  return suffix ? `${told} Repeat neither.\n\n${prompt}[...]${suffix}` : prompt;
}

/**
 * @param {unknown} value
 * @returns {Fields[]}
 */
function historyOf(value) {
  const messages = jsonOf(value, "The messages are") ?? [];
  if (!Array.isArray(messages) || !messages.every((message) => isObject(message) && typeof message.role === "string")) {
    throw invalid(
      "The messages are no list of messages",
      'Write a JSON array such as [{ "role": "user", "content": "Hello" }].',
    );
  }
  return messages;
}

/**
 * One text, or the texts of a JSON array; what only looks like one is a text.
 *
 * @param {unknown} value
 */
function stopOf(value) {
  const listed = typeof value === "string" ? parsed(value) : value;
  if (Array.isArray(listed) && listed.every((text) => typeof text === "string")) {
    const texts = listed.filter((text) => text);
    return texts.length ? texts : undefined;
  }
  return value === undefined || value === null || value === "" ? undefined : String(value);
}

/** Words that would lead some servers elsewhere or under another key, or make the answer one that is not read here. */
const STEERING = new RegExp(
  "^(api_?(base|key|type|version)|base_?url|organization|project|litellm_params|stream(_options)?" +
    "|(default_)?headers|extra_(headers|query|body))$",
  "i",
);

/**
 * @param {unknown} value
 * @returns {Fields}
 */
function advancedOf(value) {
  const fields = jsonOf(value, "The advanced parameters are") ?? {};
  if (!isObject(fields)) {
    throw invalid("The advanced parameters are no JSON object", 'Write one such as { "top_p": 0.9 }.');
  }
  const steering = Object.keys(fields).find((name) => STEERING.test(name));
  if (steering) throw invalid(`The advanced parameters may not set ${steering}`, "Leave it out.");
  return fields;
}

/**
 * A number as a number or a text; blank is none.
 *
 * @param {unknown} value
 * @param {string} name
 * @param {{ least: number, most?: number, whole?: boolean }} range
 */
function numberOf(value, name, { least, most = Infinity, whole = false }) {
  const given = trimmed(value);
  if (!given) return undefined;
  const number = Number(given);
  if (number >= least && number <= most && number < Infinity && (!whole || Number.isInteger(number))) return number;
  const range = most < Infinity ? `from ${least} to ${most}` : `${least} or more`;
  throw invalid(`${name} must be a ${whole ? "whole number," : "number"} ${range}`, "Correct it, or leave it empty.");
}

/**
 * What a JSON text or a bound value says; undefined where it is blank.
 *
 * @param {unknown} value
 * @param {string} what
 */
function jsonOf(value, what) {
  if (typeof value !== "string") return value ?? undefined;
  if (!value.trim()) return undefined;
  const read = parsed(value);
  if (read === undefined) throw invalid(`${what} not valid JSON`, "Check quotes and commas, or leave it empty.");
  return read;
}

/**
 * The words of a field as they stand; undefined where there are none.
 *
 * @param {unknown} value
 */
function textIn(value) {
  if (value === undefined || value === null) return undefined;
  const text = typeof value === "object" ? JSON.stringify(value) : String(value);
  return text.trim() ? text : undefined;
}

/** @param {unknown} value */
function trimmed(value) {
  return String(value ?? "").trim();
}

/** @param {unknown} value */
function isOn(value) {
  return value === true || /^(true|\{\{\s*true\s*\}\})$/i.test(trimmed(value));
}

/**
 * @param {unknown} value
 * @returns {value is Fields}
 */
function isObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * @param {string} text
 * @returns {any} undefined where it is no JSON
 */
function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

// The call ---------------------------------------------------------------------------------------------------------

/**
 * The seconds that a query has: the data source's, or fewer where ToolJet itself stops to wait earlier.
 *
 * @param {Connection} connection
 * @param {Fields} query
 */
function secondsOf(connection, query) {
  const wait = Number(trimmed(query.query_timeout)) / 1000;
  return wait > 0 ? Math.min(connection.seconds, wait) : connection.seconds;
}

/**
 * @param {number} seconds
 * @returns {Deadline}
 */
function within(seconds) {
  const milliseconds = Math.ceil(seconds * 1000);
  const end = Date.now() + milliseconds;
  return { seconds, signal: AbortSignal.timeout(milliseconds), left: () => (end - Date.now()) / 1000 };
}

/**
 * The answer to an ask, or to the one that it was made into because the model refuses a part of it.
 *
 * @param {Connection} connection
 * @param {Ask} ask
 * @param {Deadline} deadline
 */
async function answered(connection, ask, deadline) {
  for (let asked = ask; ; ) {
    const answer = await called(connection, asked, deadline);
    if (answer.status === 200 && Array.isArray(answer.body?.choices)) return { answer, asked };
    const other = mended(asked, answer);
    if (!other) throw refusal(answer, connection, asked);
    asked = other;
  }
}

/**
 * The answer after what waits a moment: too many requests, or a server that is too busy, have cost nothing.
 *
 * @param {Connection} connection
 * @param {Ask} ask
 * @param {Deadline} deadline
 */
async function called(connection, ask, deadline) {
  for (let tried = 0; ; tried++) {
    const answer = await call(connection, ask.path, ask.body, deadline);
    const wait = waitOf(answer) ?? 2 ** tried;
    const again = [429, 503].includes(answer.status) && answer.headers.get("x-should-retry") !== "false";
    const fits = tried + 1 < MOST_TRIES && wait <= MOST_WAIT && wait < deadline.left();
    if (!again || !fits || errorOf(answer).code === "insufficient_quota") return answer;
    await new Promise((resolve) => setTimeout(resolve, wait * 1000));
  }
}

/**
 * @param {Connection} connection
 * @param {string} path
 * @param {Fields | null} body null: a GET
 * @param {Deadline} deadline
 * @returns {Promise<Answer>}
 */
async function call(connection, path, body, deadline) {
  try {
    const response = await fetch(`${connection.base}/${path}`, {
      method: body ? "POST" : "GET",
      headers: headersOf(connection, body),
      body: body && JSON.stringify(body),
      redirect: "manual",
      signal: deadline.signal,
    });
    return { status: response.status, headers: response.headers, body: parsed(await readOf(response)) };
  } catch (error) {
    throw error instanceof QueryError ? error : unreached(error, deadline);
  }
}

/**
 * The text of a response, which is given up where there is more of it than any answer has.
 *
 * @param {Response} response
 */
async function readOf({ status, headers, body }) {
  const decoder = new TextDecoder();
  let text = "";
  for await (const piece of body ?? []) {
    text += decoder.decode(piece, { stream: true });
    if (text.length > LARGEST) throw tooLarge({ status, headers, body: undefined });
  }
  return text + decoder.decode();
}

/**
 * @param {Connection} connection
 * @param {Fields | null} body
 * @returns {Record<string, string>}
 */
function headersOf(connection, body) {
  return {
    accept: "application/json",
    "user-agent": "ringmain-tooljet",
    ...(body && { "content-type": "application/json" }),
    ...(connection.key && { authorization: `Bearer ${connection.key}` }),
    ...(connection.organization && { "openai-organization": connection.organization }),
  };
}

const UNSUPPORTED = ["unsupported_parameter", "unsupported_value"];

/**
 * The ask without what this model refuses, or null where nothing can be mended.
 *
 * @param {Ask} ask
 * @param {Answer} answer
 * @returns {Ask | null}
 */
function mended(ask, answer) {
  const { code, param } = errorOf(answer);
  if (answer.status === 404 && code !== "model_not_found" && ask.path === "completions") return asChat(ask);
  if (answer.status !== 400 || !UNSUPPORTED.includes(code) || ask.body[param] === undefined) return null;
  const { [param]: value, ...body } = ask.body;
  switch (param) {
    case "max_tokens":
      return { ...ask, body: { ...body, max_completion_tokens: value } };
    case "temperature":
      return { ...noticed(ask, "The model refuses temperature; it was left out."), body };
    case "stop":
      return { ...noticed(ask, "The model refuses stop; the text was cut there."), body, cuts: textsIn(value) };
    default:
      return null;
  }
}

/**
 * A completion asked of a model that only chats; null where more than one text was to go on with.
 *
 * @param {Ask} ask
 * @returns {Ask | null}
 */
function asChat(ask) {
  const { prompt, suffix, ...body } = ask.body;
  if (typeof prompt !== "string") return null;
  const messages = [{ role: "user", content: gapped(prompt, suffix) }];
  return { ...noticed(ask, "The model was asked by chat."), path: "chat/completions", body: { ...body, messages } };
}

/**
 * @param {Ask} ask
 * @param {string} notice
 * @returns {Ask}
 */
function noticed(ask, notice) {
  return { ...ask, notices: [...ask.notices, notice] };
}

// What comes back --------------------------------------------------------------------------------------------------

/**
 * The text alone.
 *
 * @param {Answer} answer
 * @param {Ask} ask
 */
function textOf(answer, ask) {
  const choice = answer.body.choices[0] ?? {};
  const text = cut(wordsOf(choice), ask.cuts);
  const refused = textIn(choice.message?.refusal);
  if (text || (choice.finish_reason === "stop" && !refused)) return text;
  if (refused) throw new QueryError("The model refused to answer", `It said: ${refused.slice(0, 300)}`, placeOf(answer));
  throw new QueryError(
    "The answer has no text",
    choice.finish_reason === "length"
      ? "Raise max tokens: the model used them up before its first word."
      : "Turn on the full response to see what the model gave instead.",
    { ...placeOf(answer), code: choice.finish_reason ?? "empty" },
  );
}

/**
 * The whole response; `cost` in USD and `notices` are told by a hub.
 *
 * @param {Answer} answer
 * @param {Ask} ask
 */
function wholeOf({ headers, body }, ask) {
  const choice = body.choices[0] ?? {};
  const told = decoded(headers.get("x-ringmain-notice") ?? "");
  return {
    text: cut(wordsOf(choice), ask.cuts),
    model: body.model ?? null,
    finish_reason: choice.finish_reason ?? null,
    id: body.id ?? null,
    usage: body.usage ?? null,
    cost: headers.get("x-ringmain-cost"),
    notices: [...ask.notices, ...(told ? told.split(" | ") : [])],
    choices: body.choices,
  };
}

/**
 * @param {any} choice of either endpoint
 * @returns {string}
 */
function wordsOf(choice) {
  const said = choice.message?.content ?? choice.text ?? "";
  return Array.isArray(said) ? said.map((part) => part?.text ?? "").join("") : String(said);
}

/**
 * @param {string} text
 * @param {string[]} stops
 */
function cut(text, stops) {
  const ends = stops.map((stop) => text.indexOf(stop)).filter((at) => at >= 0);
  return ends.length ? text.slice(0, Math.min(...ends)) : text;
}

/** @param {string} header */
function decoded(header) {
  try {
    return decodeURIComponent(header);
  } catch {
    return header;
  }
}

/**
 * @param {Answer} answer
 * @param {Connection} connection
 * @returns {string[]}
 */
function namesOf(answer, connection) {
  if (!Array.isArray(answer.body?.data)) throw refusal(answer, connection);
  const names = answer.body.data.map((/** @type {any} */ model) => model?.id);
  return names.filter((/** @type {unknown} */ name) => typeof name === "string" && name);
}

const SILENT = /embed|whisper|tts|speech|transcri|dall-e|image|moderation|realtime|sora/i;

/**
 * The names without those that say that they do not talk; any can still be typed.
 *
 * @param {string[]} names
 */
function talking(names) {
  const heard = names.filter((name) => !SILENT.test(name));
  return heard.length ? heard : [...names];
}

// What went wrong --------------------------------------------------------------------------------------------------

/** @typedef {{ fits: (told: Told) => boolean, message: string, fix: string }} Row */
/** @typedef {{ status: number, code: string, message: string, json: boolean, organization: boolean }} Told */

const ORGANIZATION = /^(invalid|mismatched|wrong)_organization$/;
const OTHER_ORGANIZATION = "Correct the Organization ID of the data source, or leave it empty.";

/** @type {Row[]} the first that fits is told */
const REFUSALS = [
  {
    fits: ({ status }) => status >= 300 && status < 400,
    message: "The address answers with a redirect",
    fix: "Enter the address that it leads to as base URL; a key is never sent on.",
  },
  {
    fits: ({ code }) => ORGANIZATION.test(code),
    message: "The organization was refused",
    fix: OTHER_ORGANIZATION,
  },
  {
    fits: ({ code, organization }) => organization && /^upstream_(auth|forbidden)$/.test(code),
    message: "The provider refused the organization or the hub's key",
    fix: `${OTHER_ORGANIZATION} Else the hub's admin must look at its connection.`,
  },
  {
    fits: ({ code }) => /^upstream_(auth|forbidden)$/.test(code),
    message: "The provider refused the hub's key",
    fix: "The hub's admin must look at its connection.",
  },
  {
    fits: ({ status }) => status === 401,
    message: "The API key was refused",
    fix: "Enter a valid key in the data source: at a hub that of ToolJet's account, elsewhere the provider's.",
  },
  {
    fits: ({ status, json }) => status === 403 && json,
    message: "The API key may not do this",
    fix: "Allow it where the key comes from, or use another key.",
  },
  {
    fits: ({ status, code, message }) => status === 404 && (code === "model_not_found" || /\bmodel\b/i.test(message)),
    message: "The model is not known there",
    fix: "Choose one from the list of models.",
  },
  {
    fits: ({ status }) => status === 404 || status === 405,
    message: "There is no OpenAI-compatible API at this address",
    fix: "Check the base URL; it usually ends in /v1.",
  },
  {
    fits: ({ status, code }) => status === 402 || code === "insufficient_quota",
    message: "The budget or the credit is spent",
    fix: "Raise the account's budget at the hub, or top up the provider's account.",
  },
  { fits: ({ status }) => status === 429, message: "Too much is asked at once", fix: "Ask again" },
  {
    fits: ({ code }) => code === "context_length_exceeded",
    message: "The prompt is too long for the model",
    fix: "Shorten prompt or messages, or choose a model with a larger context.",
  },
  {
    fits: ({ status, json }) => json && status >= 400 && status < 500,
    message: "The request was refused",
    fix: "Change what is named here.",
  },
  {
    fits: ({ status, code }) => status >= 500 && code.startsWith("upstream_"),
    message: "The provider behind the hub failed",
    fix: "Ask again later; if it stays so, the hub's admin must look.",
  },
  {
    fits: ({ status, json }) => json && status >= 500,
    message: "The server failed",
    fix: "Ask again later; if it stays so, its admin must look.",
  },
  {
    fits: ({ status }) => status === 502 || status === 503 || status === 504,
    message: "A proxy answered, because the server behind it does not",
    fix: "Start the server, or check where the proxy leads to.",
  },
  {
    fits: () => true,
    message: "What answers at this address is not OpenAI-compatible",
    fix: "Check the base URL; it usually ends in /v1.",
  },
];

/**
 * The error of an answer that is none, without the key and the words that were sent.
 *
 * @param {Answer} answer
 * @param {Connection} connection
 * @param {Ask} [ask]
 */
function refusal(answer, connection, ask) {
  const error = errorOf(answer);
  const { code, message } = error;
  const told = { status: answer.status, code, message, json: error.json, organization: !!connection.organization };
  const row = /** @type {Row} */ (REFUSALS.find((one) => one.fits(told)));
  const wait = waitOf(answer);
  const fix = row.fix === "Ask again" ? `Ask again ${wait ? `in ${Math.ceil(wait)} s` : "in a moment"}.` : row.fix;
  const said = clean(message, connection, ask);
  /** @type {Fields} */
  const data = { ...placeOf(answer), type: error.type || null, code: code || null };
  if (wait) data.retryAfter = wait;
  const who = answer.headers.has("x-ringmain-ask") ? "The hub" : "The server";
  return new QueryError(row.message, said ? `${fix} ${who} said: ${said}` : fix, data);
}

/**
 * The error object of an answer, in the forms in which servers give one.
 *
 * @param {Answer} answer
 */
function errorOf({ body }) {
  const told = isObject(body) ? body : {};
  const error = isObject(told.error) ? told.error : { message: told.error ?? told.detail, ...told };
  const code = trimmed(error.code);
  return {
    json: Object.keys(told).length > 0,
    message: textIn(error.message) ?? "",
    type: trimmed(error.type),
    code: /^\d+$/.test(code) ? "" : code,
    param: trimmed(error.param),
  };
}

/** @param {Answer} answer */
function placeOf({ status, headers }) {
  return { statusCode: status, requestId: headers.get("x-request-id") };
}

/**
 * Seconds after which the server wants to be asked again.
 *
 * @param {Answer} answer
 */
function waitOf({ headers }) {
  const after = headers.get("retry-after") ?? "";
  const seconds = Number(after) || (Date.parse(after) - Date.now()) / 1000;
  return seconds > 0 ? seconds : undefined;
}

/**
 * What the server said, without what is nobody's business.
 *
 * @param {string} said
 * @param {Connection} connection
 * @param {Ask} [ask]
 */
function clean(said, connection, ask) {
  const words = ask ? ask.words.filter((text) => text.length > LONGEST_ROLE) : [];
  const hidden = (connection.key ? [connection.key, ...words] : words).flatMap(spelled);
  const left = hidden.reduce((text, secret) => text.replaceAll(secret, "…"), said);
  return left.replace(/\b(sk|rk|key)-[\w*.-]{4,}/gi, "…").slice(0, 300);
}

/**
 * A text as it stands, and as it stands within JSON.
 *
 * @param {string} text
 */
function spelled(text) {
  return [text, JSON.stringify(text).slice(1, -1)];
}

/**
 * Every text in it, the longest first.
 *
 * @param {unknown} value
 * @returns {string[]}
 */
function textsIn(value) {
  if (typeof value === "string") return [value];
  const parts = typeof value === "object" && value !== null ? Object.values(value) : [];
  return parts.flatMap(textsIn).sort((one, other) => other.length - one.length);
}

/** @typedef {[RegExp, string, string]} Way */

/** @type {Way[]} what Node calls it, what is told and what to do; the first that fits */
const UNREACHED = [
  [
    /WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG/,
    "The address does not speak https",
    "Enter it with http://, or the port at which its https is.",
  ],
  [
    /CERT|TLS|SSL|SIGNATURE/,
    "The address has no certificate that is trusted",
    "Let ToolJet's server trust it with NODE_EXTRA_CA_CERTS, or use an address with a valid one.",
  ],
  [
    /UND_ERR_SOCKET|ECONNRESET|EPIPE/,
    "The connection broke off before the answer was there",
    "Ask again; it may have been charged. If it stays so, check the base URL, and what lies between.",
  ],
  [
    /(?:)/,
    "The address cannot be reached",
    "Check the base URL, and that the server runs. In a container, localhost is the container itself.",
  ],
];

/**
 * The error of a call that had no answer.
 *
 * @param {any} error
 * @param {Deadline} deadline
 */
function unreached(error, deadline) {
  if (deadline.signal.aborted) {
    return new QueryError(
      `There was no answer within ${deadline.seconds} s`,
      "Raise the timeout of the data source and of the query, ask for fewer tokens, or choose a faster model.",
      { type: "timeout", code: "timeout" },
    );
  }
  const code = trimmed(error?.cause?.code ?? error?.code) || "fetch_failed";
  const [, message, fix] = /** @type {Way} */ (UNREACHED.find(([codes]) => codes.test(code)));
  return new QueryError(message, fix, { type: "network", code });
}

/**
 * The error that names what the test refuses, which an organization can hide.
 *
 * @param {Answer} answer
 * @param {Connection} connection
 * @param {Deadline} deadline
 */
async function blamed(answer, connection, deadline) {
  const told = refusal(answer, connection);
  if (!connection.organization || ![401, 403, 502].includes(answer.status)) return told;
  const without = await call({ ...connection, organization: "" }, "models", null, deadline);
  if (without.status !== 200) return refusal(answer, { ...connection, organization: "" });
  return new QueryError("The organization was refused", OTHER_ORGANIZATION, told.data);
}

/**
 * Nothing, where the key is good. A list that anybody may read proves none; an empty request does, and costs nothing.
 *
 * @param {Connection} connection
 * @param {Deadline} deadline
 */
async function provenKey(connection, deadline) {
  const open = !connection.key || (await call({ ...connection, key: "" }, "models", null, deadline)).status === 200;
  const answer = open ? await call(connection, "chat/completions", {}, deadline) : null;
  if (answer && [401, 403].includes(answer.status)) throw refusal(answer, connection);
}

/**
 * Nothing, where the server knows the default model under a name that it does not list, such as an alias.
 *
 * @param {Connection} connection
 * @param {Deadline} deadline
 */
async function known(connection, deadline) {
  const answer = await call(connection, `models/${encodeURIComponent(connection.model)}`, null, deadline);
  if (answer.status !== 404 && answer.status !== 400) return;
  throw new QueryError(
    `The default model ${connection.model.slice(0, 80)} is not known there`,
    "Enter one that the list of models has, or leave it empty at a hub.",
    { ...placeOf(answer), type: "invalid_request_error", code: "model_not_found" },
  );
}

/** @param {Answer} answer */
function noModels(answer) {
  return new QueryError(
    "The server has no models for this key",
    "Allow the key a model where it comes from; at a hub, look at the account's connection.",
    { ...placeOf(answer), type: "invalid_request_error", code: "no_models" },
  );
}

/** @param {Answer} answer */
function tooLarge(answer) {
  return new QueryError(
    `The answer has more than ${LARGEST >> 20} MiB`,
    "Ask for fewer tokens, or check the base URL.",
    { ...placeOf(answer), code: "too_large" },
  );
}

/**
 * The error of a query that cannot be asked as it stands.
 *
 * @param {string} message
 * @param {string} fix
 */
function invalid(message, fix) {
  return new QueryError(message, fix, { type: "invalid_request_error", code: "invalid_query" });
}

/**
 * The error of a data source that cannot be used as it stands.
 *
 * @param {string} message
 * @param {string} fix
 */
function misset(message, fix) {
  return new QueryError(message, fix, { type: "invalid_request_error", code: "invalid_data_source" });
}

exports.default = Ringmain;

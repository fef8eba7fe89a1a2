"use strict";

/**
 * A client as ToolJet's own OpenAI plugin builds it: from the key alone, so that the address is the environment's.
 * One call comes in as JSON, and what the client gives or throws goes out.
 */

const { text } = require("node:stream/consumers");
const OpenAI = require("openai");

/** @param {{ apiKey: string, call: string, body: any }} told */
async function answered({ apiKey, call, body }) {
  const openai = new OpenAI({ apiKey });
  switch (call) {
    case "models":
      return (await openai.models.list()).data.map((model) => model.id);
    case "chat":
      return openai.chat.completions.create(body);
    case "completion":
      return openai.completions.create(body);
    default:
      return openai.images.generate(body);
  }
}

text(process.stdin)
  .then((told) => answered(JSON.parse(told)))
  .then(
    (result) => console.log(JSON.stringify({ result })),
    ({ status, code, message }) => console.log(JSON.stringify({ error: { status, code, message } })),
  );

"use strict";

/**
 * What ToolJet's server does with a plugin: the file comes from the database as base64, is made a module, and an
 * instance of its default export answers. A line of JSON comes in for each call, and one goes out.
 *
 * With OPENAI_IS set, calls to OpenAI itself go to that address instead.
 */

const readline = require("node:readline");
const { requireFromString } = require("module-from-string");

const { OPENAI_IS } = process.env;
if (OPENAI_IS) {
  const real = globalThis.fetch;
  globalThis.fetch = (url, init) => real(String(url).replace("https://api.openai.com", OPENAI_IS), init);
}

/** @type {any} */
let service;

/** @param {string} base64 */
function load(base64) {
  const code = Buffer.from(base64, "base64").toString("utf8");
  service = new (requireFromString(code, { useCurrentGlobal: true }).default)();
  return Object.getOwnPropertyNames(Object.getPrototypeOf(service));
}

/** @param {any} error what the app is told of it: a class of another name loses everything but its message */
function told(error) {
  if (error.constructor.name !== "QueryError") return { message: "Query could not be completed", description: error.message };
  return { message: error.message, description: error.description, data: error.data };
}

/** @param {{ method: string, args: unknown[] }} call */
async function answer({ method, args }) {
  try {
    return { result: method === "load" ? load(String(args[0])) : await service[method](...args) };
  } catch (error) {
    return { error: told(error) };
  }
}

readline.createInterface({ input: process.stdin }).on("line", async (line) => {
  const call = JSON.parse(line);
  process.stdout.write(`${JSON.stringify({ id: call.id, ...(await answer(call)) })}\n`);
});

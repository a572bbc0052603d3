// Reads one question a line, {"do": ..., ...}, and answers each with one line of JSON. Argument 2 is the client.
import { createInterface } from "node:readline";
import { readFile, rm, writeFile } from "node:fs/promises";
import { pathToFileURL } from "node:url";

const { License, read } = await import(pathToFileURL(process.argv[2]).href);
const path = process.argv[3];
const store = {
  get: () => readFile(path, "utf-8").catch(() => ""),
  set: (text) => writeFile(path, text),
  remove: () => rm(path, { force: true }),
};

for await (const line of createInterface({ input: process.stdin })) {
  const ask = JSON.parse(line);
  const license = new License(ask.shop, ask.key, ask.instance, { keys: { keys: ask.keys }, store });
  let result;
  try {
    if (ask.do === "read") {
      result = [];
      for (const text of ask.texts) result.push(await read(Buffer.from(text, "base64").toString("latin1"), { keys: ask.keys }).catch(() => null));
    } else if (ask.do === "state") result = await license.state(ask.now ?? undefined);
    else result = (await license[ask.do]()) ?? true;
    if (ask.do === "activate") result = true;
  } catch (error) {
    result = { error: error.code ?? error.constructor.name };
  }
  console.log(JSON.stringify(result));
}

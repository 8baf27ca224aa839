// language_server.cjs SERVER FILE: opens FILE in the YAML language server as an editor does, over
// its standard input and output, and prints what it says, a line each:
//   diagnostic LINE: text            lines from 1
//   completion LINE: words           where FILE has a "|?" (taken out before it is opened)
//   hover LINE: text                 for each line that ends in "#hover", at its first letter
const { spawn } = require("child_process");
const { pathToFileURL } = require("url");
const fs = require("fs");
const path = require("path");

const [program, file] = process.argv.slice(2);
const server = spawn(process.execPath, [program, "--stdio"], { stdio: ["pipe", "pipe", "inherit"] });
const uri = pathToFileURL(path.resolve(file)).href;
const marked = fs.readFileSync(file, "utf8").split("\n");
const text = marked.map((line) => line.replace("|?", "")).join("\n");
const waiting = new Map();
let next = 1, buffer = Buffer.alloc(0), diagnosed;
const diagnostics = new Promise((resolve) => { diagnosed = resolve; });

function send(message) {
  const body = JSON.stringify({ jsonrpc: "2.0", ...message });
  server.stdin.write(`Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
}

function ask(method, params) {
  const id = next++;
  send({ id, method, params });
  return new Promise((resolve) => waiting.set(id, resolve));
}

function got(message) {
  if (message.id !== undefined && message.method) { // the server asks: settings are empty
    const items = message.params && message.params.items;
    send({ id: message.id, result: items ? items.map(() => ({})) : null });
  } else if (message.method === "textDocument/publishDiagnostics") {
    diagnosed(message.params.diagnostics);
  } else if (waiting.has(message.id)) {
    waiting.get(message.id)(message.error ? { error: message.error } : message.result);
  }
}

server.stdout.on("data", (chunk) => {
  buffer = Buffer.concat([buffer, chunk]);
  for (;;) {
    const head = buffer.indexOf("\r\n\r\n");
    if (head < 0) return;
    const length = Number(/Content-Length: *(\d+)/i.exec(buffer.toString("latin1", 0, head))[1]);
    if (buffer.length < head + 4 + length) return;
    const body = buffer.toString("utf8", head + 4, head + 4 + length);
    buffer = buffer.subarray(head + 4 + length);
    got(JSON.parse(body));
  }
});

async function main() {
  await ask("initialize", {
    processId: process.pid, rootUri: null,
    capabilities: { textDocument: {
      completion: { completionItem: { snippetSupport: false } },
      hover: { contentFormat: ["plaintext"] }, publishDiagnostics: {} } },
    initializationOptions: {},
  });
  send({ method: "initialized", params: {} });
  send({ method: "textDocument/didOpen", params: { textDocument: { uri, languageId: "yaml", version: 1, text } } });
  for (const d of await diagnostics)
    console.log(`diagnostic ${d.range.start.line + 1}: ${d.message.replace(/\n/g, " ")}`);
  for (let line = 0; line < marked.length; line++) {
    const typed = marked[line].indexOf("|?"), hovered = /#hover$/.test(marked[line]);
    const character = hovered ? marked[line].search(/[A-Za-z]/) : typed;
    const at = { textDocument: { uri }, position: { line, character } };
    if (hovered) {
      const hover = await ask("textDocument/hover", at);
      const said = hover && hover.contents ? hover.contents.value || String(hover.contents) : "";
      console.log(`hover ${line + 1}: ${said.replace(/\s+/g, " ")}`);
    } else if (typed >= 0) {
      const list = await ask("textDocument/completion", at);
      console.log(`completion ${line + 1}: ${(list.items || list).map((i) => i.label).join(", ")}`);
    }
  }
  await ask("shutdown", null);
  send({ method: "exit" });
}

main().catch((e) => { console.error(e); process.exit(1); });

// The work of bench/peers in V8, through node. V8's own flags come on node's command line.
//
//   compile FILE REPEAT              milliseconds from bytes in memory to a module, a line each
//   run FILE REPEAT [ARG...]         milliseconds of `run` or _start, in a new instance each time
//   result FILE                      what `run` returns
//   calls FILE                       NAME <tab> nanoseconds of one call
//   instantiate FILE                 microseconds
//   stream FILE MBIT CHUNK REPEAT    milliseconds from when the last byte was due to the module
//   wasi FILE [ARG...]               the program itself
//   sandbox FILE DIR                 likewise; it has DIR as /sandbox
'use strict';
const fs = require('fs');
const path = require('path');

const now = () => Number(process.hrtime.bigint()) / 1e6;

function least(measure, rounds) {
  let best = Infinity;
  for (let i = 0; i < rounds; i++) best = Math.min(best, measure());
  return best;
}

function wasi(file, args, stdout, preopens = {}) {
  process.removeAllListeners('warning');
  const {WASI} = require('wasi');
  const options = {version: 'preview1', args: [path.basename(file), ...args], returnOnExit: true,
                   preopens};
  return new WASI({...options, stdout, stderr: stdout === 1 ? 2 : stdout});
}

function compile(file, repeat) {
  const bytes = fs.readFileSync(file);
  for (let i = 0; i < repeat; i++) {
    const start = now();
    new WebAssembly.Module(bytes);
    console.log(now() - start);
    if (global.gc) global.gc();
  }
}

function run(file, repeat, ...args) {
  const module = new WebAssembly.Module(fs.readFileSync(file));
  const wantsWasi = WebAssembly.Module.imports(module).length > 0;
  const nowhere = fs.openSync('/dev/null', 'w');
  for (let i = 0; i < repeat; i++) {
    const system = wantsWasi ? wasi(file, args, nowhere) : null;
    const instance = new WebAssembly.Instance(module, system ? system.getImportObject() : {});
    const start = now();
    if (instance.exports.run) {
      instance.exports.run();
    } else if (system.start(instance) !== 0) {
      process.exit(1);
    }
    console.log(now() - start);
  }
}

function result(file) {
  const module = new WebAssembly.Module(fs.readFileSync(file));
  console.log(new WebAssembly.Instance(module).exports.run());
}

function calls(file) {
  const module = new WebAssembly.Module(fs.readFileSync(file));
  const imports = {env: {add: (a, b) => a + b | 0}};
  const {exports} = new WebAssembly.Instance(module, imports);
  const turns = 3e6;
  const {add} = exports;
  const hostLoop = () => {
    const start = now();
    let sum = 0;
    for (let i = 0; i < turns; i++) sum = add(1, sum);
    if (sum !== turns) throw new Error('wrong sum');
    return now() - start;
  };
  const print = (name, ms) => console.log(`${name}\t${ms * 1e6 / turns}`);
  print('host_to_wasm', least(hostLoop, 15));
  for (const name of ['loop_host', 'loop_direct', 'loop_indirect', 'loop_empty']) {
    print(name, least(() => {
      const start = now();
      exports[name](turns);
      return now() - start;
    }, 15));
  }
}

function instantiate(file) {
  const module = new WebAssembly.Module(fs.readFileSync(file));
  const batch = 50;
  const ms = least(() => {
    const start = now();
    for (let i = 0; i < batch; i++) new WebAssembly.Instance(module);
    return now() - start;
  }, 20);
  console.log(ms * 1e3 / batch);
}

// Waits without keeping a core busy for long: timers are a millisecond coarse.
async function until(due) {
  for (let left = due - now(); left > 0; left = due - now()) {
    await new Promise((go) => left > 2.5 ? setTimeout(go, left - 2) : setImmediate(go));
  }
}

async function stream(file, mbit, chunk, repeat) {
  const bytes = fs.readFileSync(file);
  const headers = {'Content-Type': 'application/wasm'};
  // Once for node, which loads Response and streams when they are first used.
  const empty = new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);
  await WebAssembly.compileStreaming(new Response(empty, {headers}));
  const bytesPerMs = mbit * 125;
  for (let i = 0; i < repeat; i++) {
    const begin = now();
    let at = 0;
    const source = new ReadableStream({
      async pull(controller) {
        const end = Math.min(at + chunk, bytes.length);
        await until(begin + end / bytesPerMs);
        controller.enqueue(new Uint8Array(bytes.subarray(at, end)));
        at = end;
        if (at === bytes.length) controller.close();
      },
    });
    await WebAssembly.compileStreaming(new Response(source, {headers}));
    console.log(now() - (begin + bytes.length / bytesPerMs));
  }
}

function command(file, args, preopens) {
  const module = new WebAssembly.Module(fs.readFileSync(file));
  const system = wasi(file, args, 1, preopens);
  process.exitCode = system.start(new WebAssembly.Instance(module, system.getImportObject()));
}

const [work, file, ...rest] = process.argv.slice(2);
switch (work) {
  case 'compile': compile(file, Number(rest[0])); break;
  case 'run': run(file, Number(rest[0]), ...rest.slice(1)); break;
  case 'result': result(file); break;
  case 'calls': calls(file); break;
  case 'instantiate': instantiate(file); break;
  case 'stream': stream(file, ...rest.map(Number)); break;
  case 'wasi': command(file, rest); break;
  case 'sandbox': command(file, [], {'/sandbox': rest[0]}); break;
  default: throw new Error(`no such work: ${work}`);
}

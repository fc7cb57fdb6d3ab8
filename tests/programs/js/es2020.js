// A tour of ES2020 for the tests: everything printed must be the same in every JavaScript engine.
// Sections count what they check, so that a section that is left out shows.
"use strict";

const lines = [];
let section = "";
function begin(name) {
  section = name;
  console.log(`== ${name}`);
}
function show(label, value) {
  console.log(`${label}: ${typeof value === "string" ? value : inspect(value)}`);
}
function inspect(value) {
  return JSON.stringify(value, (key, v) => {
    if (typeof v === "bigint") return `${v}n`;
    if (typeof v === "undefined") return "undefined";
    if (typeof v === "symbol") return v.toString();
    if (typeof v === "function") return `function ${v.name}`;
    if (v instanceof Map) return { map: [...v] };
    if (v instanceof Set) return { set: [...v] };
    if (typeof v === "number" && !Number.isFinite(v)) return String(v);
    if (Object.is(v, -0)) return "-0";
    return v;
  });
}
function attempt(f) {
  try {
    return f();
  } catch (e) {
    return `${e.constructor.name}`;
  }
}

begin("classes");
class Shape {
  #name;
  static count = 0;
  static #registry = new Map();
  constructor(name) {
    this.#name = name;
    Shape.count++;
    Shape.#registry.set(name, this);
  }
  get name() {
    return this.#name;
  }
  set name(value) {
    if (!value) throw new TypeError("empty name");
    this.#name = value;
  }
  area() {
    return 0;
  }
  toString() {
    return `${this.constructor.name}(${this.#name}, ${this.area().toFixed(2)})`;
  }
  static find(name) {
    return Shape.#registry.get(name) ?? null;
  }
  static [Symbol.hasInstance](x) {
    return typeof x?.area === "function";
  }
}
class Circle extends Shape {
  constructor(radius) {
    super(`circle-${radius}`);
    this.radius = radius;
  }
  area() {
    return Math.PI * this.radius ** 2;
  }
}
class Square extends Shape {
  side = 2;
  constructor(side = 1) {
    super("square");
    this.side = side;
  }
  area() {
    return this.side ** 2 + super.area();
  }
}
const shapes = [new Circle(1), new Square(3), new Circle(2.5), new Square()];
show("shapes", shapes.map(String).join("; "));
show("count", Shape.count);
show("find", String(Shape.find("circle-1")));
show("missing", Shape.find("none"));
show("setter", attempt(() => (shapes[0].name = "")));
show("instance", [{ area() {} } instanceof Shape, {} instanceof Shape]);
class Stack extends Array {
  top() {
    return this[this.length - 1];
  }
  static get [Symbol.species]() {
    return Array;
  }
}
const stack = Stack.from([1, 2, 3]);
stack.push(4);
show("species", [stack.top(), stack instanceof Stack, stack.map((x) => x) instanceof Stack]);
const Serializable = (Base) =>
  class extends Base {
    serialize() {
      return JSON.stringify({ ...this, type: new.target?.name ?? this.constructor.name });
    }
  };
class Point {
  constructor(x, y) {
    Object.assign(this, { x, y });
  }
}
class NamedPoint extends Serializable(Point) {}
show("mixin", new NamedPoint(1, 2).serialize());
show("without new", attempt(() => Point(1, 2)));
show("before super", attempt(() => new (class extends Point { constructor() { this.x = 1; } })()));

begin("generators and iterators");
function* fibonacci() {
  let [a, b] = [0n, 1n];
  for (;;) {
    const reset = yield a;
    [a, b] = reset ? [0n, 1n] : [b, a + b];
  }
}
function* take(n, source) {
  let i = 0;
  for (const value of source) {
    if (i++ >= n) return "enough";
    yield value;
  }
}
show("fibonacci", [...take(20, fibonacci())]);
const f = fibonacci();
show("send", [f.next(), f.next(), f.next(), f.next(true), f.next()].map((r) => r.value));
function* tree(node) {
  if (!node) return 0;
  const left = yield* tree(node.left);
  yield node.value;
  const right = yield* tree(node.right);
  return left + right + 1;
}
const insert = (node, value) =>
  !node
    ? { value }
    : value < node.value
      ? { ...node, left: insert(node.left, value) }
      : { ...node, right: insert(node.right, value) };
const root = [50, 30, 70, 20, 40, 60, 80, 35].reduce(insert, null);
show("tree", [...tree(root)]);
function* guarded(log) {
  try {
    yield 1;
    yield 2;
  } catch (e) {
    log.push(`caught ${e}`);
    yield -1;
  } finally {
    log.push("finally");
  }
}
const log = [];
const g = guarded(log);
g.next();
show("throw", g.throw("error").value);
g.next();
for (const x of guarded(log)) if (x === 1) break;
const r = guarded(log);
r.next();
show("return", r.return(9));
show("log", log);
const range = {
  from: 1,
  to: 5,
  *[Symbol.iterator]() {
    for (let i = this.from; i <= this.to; i++) yield i;
  },
};
const [first, , third = "none", ...rest] = range;
show("destructured", { first, third, rest, max: Math.max(...range) });

begin("regular expressions");
const date = /(?<year>\d{4})-(?<month>\d{2})-(?<day>\d{2})/u;
const { groups } = date.exec("on 2024-02-29 at noon");
show("named", { ...groups });
show("swap", "2024-02-29".replace(date, "$<day>.$<month>.$<year>"));
show("all", [..."a1b22c333".matchAll(/([a-z])(\d+)/g)].map((m) => [m[1], +m[2], m.index]));
show("sticky", (() => { const re = /\w+\s?/y; const out = []; let m; while ((m = re.exec("to be or"))) out.push(m[0]); return out; })());
show("lookbehind", "$10 €20 $30".match(/(?<=\$)\d+/g));
show("not behind", "a1 b2 c3".replace(/(?<!b)\d/g, "_"));
show("lookahead", "foobar foobaz".match(/foo(?!bar)\w+/g));
show("backreference", /(?<q>['"])(.*?)\k<q>/.exec(`say "it's" now`)[2]);
show("lazy", "<<a>><<b>>".match(/<<.+?>>/g));
show("unicode", ["😀".match(/./u)[0].length, "😀".match(/./)[0].length, /^\p{Lu}\p{Ll}+$/u.test("Ärger"), /\u{1F600}/u.test("😀")]);
show("dotAll", /a.b/s.test("a\nb"));
show("function", "one two three".replace(/\b(\w)(\w*)/g, (_, a, b) => a.toUpperCase() + b));
show("split", "a, b;c  d".split(/[,;]?\s+|[,;]/));
show("case", "straße ǅ".toUpperCase().match(/\w+|\S+/g));
show("catastrophe avoided", /^(?:a|ab)(?:c|bcd)(?:d*)$/.test("abcd"));
show("lastIndex", (() => { const re = /o/g; re.test("foo"); return re.lastIndex; })());
show("flags", /x/gimsuy.flags);

begin("JSON");
const document = {
  text: "quote \" backslash \\ newline \n tab \t unicode \u2028 \ud800",
  numbers: [0, -0, 1e21, 1e-7, 123456789012345680000, 0.1 + 0.2, NaN, Infinity],
  nested: { a: [[], {}, [null]], skipped: undefined, f() {} },
  date: new Date(Date.UTC(2020, 1, 29, 12, 30, 15, 5)),
  toJSON: undefined,
};
const text = JSON.stringify(document);
show("text", text);
show("again", JSON.stringify(JSON.parse(text)) === text);
show("indent", JSON.stringify({ a: [1, { b: 2 }], c: "x" }, null, 2).split("\n").length);
show("filter", JSON.stringify({ a: 1, b: 2, c: { a: 3, d: 4 } }, ["a", "c"]));
show("reviver", JSON.parse('{"a":"1n","b":[2,"3n"]}', (k, v) => (/^\d+n$/.test(v) ? BigInt(v.slice(0, -1)) * 2n : v)));
show("errors", ["{a:1}", "[1,]", "01", '"\t"', "nul", ""].map((t) => attempt(() => JSON.parse(t))));
show("cycle", attempt(() => { const o = {}; o.o = o; return JSON.stringify(o); }));
show("bigint", attempt(() => JSON.stringify({ n: 1n })));
show("order", Object.keys(JSON.parse('{"z":1,"10":2,"a":3,"9":4}')));

begin("BigInt");
const factorial = (n) => (n < 2n ? 1n : n * factorial(n - 1n));
show("50!", factorial(50n));
show("power", 3n ** 200n);
show("division", [-7n / 2n, -7n % 2n, 7n / -2n, attempt(() => 1n / 0n)]);
show("shift", [1n << 130n, -1n >> 70n, (1n << 64n) - 1n & 0xff00ff00ff00ffn, -5n & 3n, 6n ^ -1n]);
show("as", [BigInt.asIntN(64, 2n ** 63n), BigInt.asUintN(8, -1n), BigInt.asIntN(3, 25n)]);
show("compare", [2n > 1, 1n == 1, 1n === 1, [3n, 1, 2n].sort((a, b) => (a < b ? -1 : 1))]);
show("mixed", attempt(() => 1n + 1));
show("radix", [(255n).toString(16), BigInt("0b1011"), BigInt("0xfedcba9876543210"), attempt(() => BigInt("1.5"))]);
const isPrime = (n) => {
  const pow = (b, e, m) => { let x = 1n; for (b %= m; e > 0n; e >>= 1n, b = (b * b) % m) if (e & 1n) x = (x * b) % m; return x; };
  let d = n - 1n, s = 0;
  while (!(d & 1n)) { d >>= 1n; s++; }
  return [2n, 3n, 5n, 7n, 11n, 13n].every((a) => {
    let x = pow(a, d, n);
    if (x === 1n || x === n - 1n) return true;
    for (let i = 1; i < s; i++) if ((x = (x * x) % n) === n - 1n) return true;
    return false;
  });
};
show("primes", [2n ** 61n - 1n, 2n ** 89n - 1n, 2n ** 67n - 1n, 2n ** 127n - 1n].map(isPrime));
let pi = "";
{
  // Digits of pi by an unbounded spigot.
  let [q, rr, t, k, n, l] = [1n, 0n, 1n, 1n, 3n, 3n];
  while (pi.length < 60) {
    if (4n * q + rr - t < n * t) {
      pi += n;
      [q, rr, n] = [10n * q, 10n * (rr - n * t), (10n * (3n * q + rr)) / t - 10n * n];
    } else {
      [q, rr, t, k, n, l] = [q * k, (2n * q + rr) * l, t * l, k + 1n, (q * (7n * k + 2n) + rr * l) / (t * l), l + 2n];
    }
  }
}
show("pi", pi);
show("typed", [...new BigInt64Array([1n, -(2n ** 63n), 2n ** 64n + 5n])]);

begin("collections");
const map = new Map([[NaN, "nan"], ["a", 1], [{}, "object"]]);
show("map", [map.get(NaN), map.size, [...map.keys()].length]);
map.delete("a");
map.set("b", 2).set("a", 3);
show("order", [...map.values()]);
const unique = [...new Set([3, 1, 3, 2, 1, -0, 0])];
show("set", unique);
const weak = new WeakMap();
const key = {};
show("weak", [weak.set(key, 1).has(key), weak.has({}), attempt(() => weak.set(1, 1))]);
show("flat", [[1, [2, [3, [4]]]].flat(2), [1, 2].flatMap((x) => [x, x * 2])]);
show("fromEntries", Object.fromEntries(Object.entries({ a: 1, b: 2 }).map(([k, v]) => [k + k, v * v])));
show("sort", [5, 25, 100, 1].sort().join() + " " + [5, 25, 100, 1].sort((a, b) => a - b).join());
const people = Array.from({ length: 30 }, (_, i) => ({ name: `p${i}`, age: (i * 7) % 5 }));
show("stable", people.sort((a, b) => a.age - b.age).slice(0, 8).map((p) => p.name).join());
show("typed arrays", [new Uint8ClampedArray([300, -5, 1.5]), new Int16Array([40000]), new Float32Array([0.1])].map((a) => [...a]));
const view = new DataView(new ArrayBuffer(16));
view.setFloat64(0, Math.E);
view.setInt16(8, -2, true);
show("view", [view.getUint8(0), view.getUint32(4), view.getUint16(8), view.getBigInt64(0)]);
show("copyWithin", [1, 2, 3, 4, 5].copyWithin(0, 3));
show("includes", [[NaN].includes(NaN), [NaN].indexOf(NaN), "abc".includes("bc")]);

begin("syntax");
const config = { a: { b: null, f: () => "called" }, zero: 0, empty: "" };
show("optional", [config?.a?.b?.c, config.x?.y.z, config.a.f?.(), config.a.g?.(), config.x?.["y"]]);
show("nullish", [config.zero ?? 5, config.zero || 5, config.empty ?? "d", config.a.b ?? "null", undefined ?? null ?? 1]);
const { a: { b: inner = "default" }, zero: renamed, ...others } = config;
show("destructure", { inner, renamed, others: Object.keys(others) });
const tag = (strings, ...values) => strings.raw.join("|") + values.join(",");
show("tagged", tag`x${1}\n${2}y`);
show("spread", { ...{ a: 1, b: 2 }, b: 3, ...null, ...[..."hi"] });
show("default", ((a, b = a + 1, { c = b * 2 } = {}) => [a, b, c])(1));
show("arguments", (function () { return [arguments.length, typeof arguments]; })(1, 2, 3));
show("closures", [0, 1, 2].map((i) => () => i * i).map((h) => h()));
label: for (let i = 0; ; i++) {
  for (let j = 0; j < 5; j++) {
    if (j === 3) continue label;
    if (i * j === 6) break label;
    if (i > 4) { show("label", [i, j]); break label; }
  }
}
const computed = { ["key" + 1]: 1, get [`g${2}`]() { return 2; }, async *gen() {}, __proto__: { inherited: true } };
show("computed", [computed.key1, computed.g2, computed.inherited, Object.keys(computed)]);
show("exponent", [2 ** 10, (-2) ** 3, 2 ** -1, 2 ** 3 ** 2]);
show("numbers", [0b101, 0o17, 0xff, .5e1, 1_000_000, Number("0x1f"), parseInt("12px"), parseFloat(".5.5"), Number("")]);
show("format", [(0.000001234).toString(), (123.456).toFixed(1), (1e21).toString(), (255).toString(2), (0.1).toString(3).slice(0, 12), (1234.5678).toExponential(2), (0.00001).toPrecision(1)]);
show("math", [Math.hypot(3, 4), Math.clz32(1), Math.fround(5.5), Math.imul(0xffffffff, 5), Math.sign(-3), Math.trunc(-4.7), Math.cbrt(27), Math.log2(8)]);
show("strings", ["abc".padStart(5, "*"), "abc".at?.(-1) ?? "c", "x".repeat(3), " trim ".trimEnd() + "|", "a-b-c".split("-", 2), "\u{1F600}".codePointAt(0), "é".normalize("NFD").length, [..."a😀b"].length]);
show("symbols", [Symbol.for("x") === Symbol.for("x"), Symbol("d").description, Object.getOwnPropertySymbols({ [Symbol.iterator]: 1 }).length]);
show("coercion", [[] + {}, [] == false, null == undefined, null == 0, "5" * "2", "5" + 2, +[], +{}, [1, 2] + "", typeof null, typeof (() => 0), void 0]);
show("date", new Date(Date.UTC(2019, 11, 31, 23, 59, 59, 999)).toISOString());

begin("proxies and reflection");
const trace = [];
const proxy = new Proxy({ x: 1 }, {
  get: (t, k, r) => (trace.push(`get ${String(k)}`), Reflect.get(t, k, r)),
  has: (t, k) => (trace.push(`has ${String(k)}`), k in t),
  set: (t, k, v) => (trace.push(`set ${String(k)}`), Reflect.set(t, k, v * 2)),
  deleteProperty: (t, k) => (trace.push(`delete ${String(k)}`), delete t[k]),
  ownKeys: (t) => (trace.push("keys"), Reflect.ownKeys(t)),
});
proxy.y = 5;
show("proxy", [proxy.x, "x" in proxy, "z" in proxy, proxy.y, delete proxy.x, Object.keys(proxy)]);
show("trace", trace);
const frozen = Object.freeze({ a: 1, deep: { b: 2 } });
frozen.deep.b = 3;
show("frozen", [attempt(() => { frozen.a = 2; }), frozen.deep.b, Object.isFrozen(frozen)]);
const object = Object.defineProperty({}, "hidden", { value: 42 });
show("hidden", [object.hidden, Object.keys(object), JSON.stringify(object), Reflect.has(object, "hidden")]);
show("construct", Reflect.construct(Point, [3, 4]));
show("descriptor", Object.getOwnPropertyDescriptor({ get a() { return 1; } }, "a").set);

begin("errors");
class AppError extends Error {
  constructor(message, code) {
    super(message);
    this.name = "AppError";
    this.code = code;
  }
}
const nested = () => {
  try {
    throw new AppError("inner", 7);
  } catch (e) {
    if (!(e instanceof AppError)) throw e;
    return `${e} ${e.code} ${e instanceof Error}`;
  } finally {
    lines.push("cleanup");
  }
};
show("custom", nested());
show("finally", (() => { for (const x of [1, 2]) { try { continue; } finally { lines.push(x); } } return lines; })());
show("kinds", [() => null.x, () => undefinedVariable, () => [].reduce((a) => a), () => new Array(-1), () => decodeURIComponent("%"), () => (1).toFixed(101), () => Symbol() + "", () => { const c = 1; c = 2; }, () => new Function("return )")].map(attempt));
const ackermann = (m, n) => (m === 0 ? n + 1 : ackermann(m - 1, n === 0 ? 1 : ackermann(m, n - 1)));
show("recursion", ackermann(2, 9));

begin("work");
const sieve = new Uint8Array(200001);
let primes = 0;
for (let i = 2; i <= 200000; i++) {
  if (sieve[i]) continue;
  primes++;
  for (let j = i * 2; j <= 200000; j += i) sieve[j] = 1;
}
show("primes", primes);
const memo = new Map();
const collatz = (n) => {
  if (n === 1) return 1;
  if (memo.has(n)) return memo.get(n);
  const length = 1 + collatz(n % 2 ? 3 * n + 1 : n / 2);
  memo.set(n, length);
  return length;
};
let best = [0, 0];
for (let i = 1; i < 30000; i++) if (collatz(i) > best[1]) best = [i, collatz(i)];
show("collatz", best);
const queens = (n, row = 0, columns = 0, left = 0, right = 0) => {
  if (row === n) return 1;
  let count = 0;
  for (let free = ~(columns | left | right) & ((1 << n) - 1); free; ) {
    const bit = free & -free;
    free ^= bit;
    count += queens(n, row + 1, columns | bit, ((left | bit) << 1), ((right | bit) >> 1));
  }
  return count;
};
show("queens", queens(8));
let mandel = 0;
for (let y = 0; y < 40; y++) {
  for (let x = 0; x < 60; x++) {
    let zr = 0, zi = 0, i = 0;
    const cr = x / 25 - 1.8, ci = y / 20 - 1;
    for (; i < 50 && zr * zr + zi * zi < 4; i++) [zr, zi] = [zr * zr - zi * zi + cr, 2 * zr * zi + ci];
    mandel += i;
  }
}
show("mandelbrot", mandel);
let state = 42;
const random = () => (state = (Math.imul(state, 1103515245) + 12345) >>> 0) / 2 ** 32;
const values = Array.from({ length: 5000 }, random);
const sorted = [...values].sort((a, b) => a - b);
show("sorted", [sorted[0], sorted[2500], sorted[4999]].map((x) => x.toFixed(9)));
const words = "it was the best of times it was the worst of times it was the age of wisdom".split(" ");
const counts = words.reduce((m, w) => m.set(w, (m.get(w) ?? 0) + 1), new Map());
show("words", [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1)).slice(0, 5));
let big = "";
for (let i = 0; i < 20000; i++) big += String.fromCharCode(97 + (i * 7) % 26);
show("string", [big.length, big.slice(5000, 5010), big.lastIndexOf("abc"), [...big].reverse().join("").slice(0, 10)]);

begin("promises");
const sleepless = (v) => new Promise((resolve) => resolve(v));
const order = [];
(async () => {
  order.push("start");
  const all = await Promise.all([1, sleepless(2), (async () => 3)()]);
  order.push(all.join());
  const settled = await Promise.allSettled([Promise.reject(new Error("no")), 4]);
  order.push(settled.map((s) => s.status).join());
  try {
    await Promise.race([Promise.reject(new RangeError("lost")), sleepless(5)]);
  } catch (e) {
    order.push(e.constructor.name);
  }
  async function* ticks() {
    for (let i = 0; i < 3; i++) yield await sleepless(i);
  }
  for await (const t of ticks()) order.push(t);
  await Promise.resolve().then(() => order.push("then")).finally(() => order.push("finally"));
  return "done";
})().then((result) => {
  show("order", order);
  show("result", result);
});
order.push("synchronous");

// Small modules as bytes, each with the text it was made from (wat2wasm --debug-names).
#pragma once

#include <cstdint>
#include <vector>

namespace sluice_test {

using Bytes = std::vector<uint8_t>;

// clang-format off
// (module
//   (memory (export "memory") 1 10)
//   (table (export "table") 4 10 funcref)
//   (global $g (export "counter") (mut i32) (i32.const 7))
//   (func $add (export "add") (param i32 i32) (result i32) local.get 0 local.get 1 i32.add)
//   (func $fac (export "fac") (param i64) (result i64)
//     (if (result i64) (i64.eqz (local.get 0)) (then (i64.const 1))
//       (else (i64.mul (local.get 0) (call $fac (i64.sub (local.get 0) (i64.const 1)))))))
//   (func $inner unreachable)
//   (func $outer (export "trap") call $inner)
//   (func (export "load") (param i32) (result i32) local.get 0 i32.load)
//   (func (export "store") (param i32 i32) local.get 0 local.get 1 i32.store)
//   (func (export "grow") (param i32) (result i32) local.get 0 memory.grow)
//   (func (export "next") (result i32) global.get $g i32.const 1 i32.add global.set $g global.get $g)
//   (func $recurse (export "recurse") (result i32) call $recurse i32.const 1 i32.add)
//   (func (export "indirect") (param i32) (result i32) i32.const 3 i32.const 4 local.get 0 call_indirect (param i32 i32) (result i32))
//   (func (export "multi") (param i32) (result i32 i64 f64) local.get 0 i64.const 2 f64.const 3.5)
//   (func (export "half") (param f32 f64) (result f32) local.get 0 local.get 1 f32.demote_f64 f32.mul)
//   (func (export "not") (param i32) (result i32) local.get 0 i32.eqz)
//   (elem (i32.const 0) $add $fac)
// )
inline const Bytes kBasics = {
    0, 97, 115, 109, 1, 0, 0, 0, 1, 42, 8, 96, 2, 127, 127, 1, 127, 96, 1, 126, 1, 126, 96, 0, 0,
    96, 1, 127, 1, 127, 96, 2, 127, 127, 0, 96, 0, 1, 127, 96, 1, 127, 3, 127, 126, 124, 96, 2, 125,
    124, 1, 125, 3, 14, 13, 0, 1, 2, 2, 3, 4, 3, 5, 5, 3, 6, 7, 3, 4, 5, 1, 112, 1, 4, 10, 5, 4, 1,
    1, 1, 10, 6, 6, 1, 127, 1, 65, 7, 11, 7, 118, 15, 6, 109, 101, 109, 111, 114, 121, 2, 0, 5, 116,
    97, 98, 108, 101, 1, 0, 7, 99, 111, 117, 110, 116, 101, 114, 3, 0, 3, 97, 100, 100, 0, 0, 3,
    102, 97, 99, 0, 1, 4, 116, 114, 97, 112, 0, 3, 4, 108, 111, 97, 100, 0, 4, 5, 115, 116, 111,
    114, 101, 0, 5, 4, 103, 114, 111, 119, 0, 6, 4, 110, 101, 120, 116, 0, 7, 7, 114, 101, 99, 117,
    114, 115, 101, 0, 8, 8, 105, 110, 100, 105, 114, 101, 99, 116, 0, 9, 5, 109, 117, 108, 116, 105,
    0, 10, 4, 104, 97, 108, 102, 0, 11, 3, 110, 111, 116, 0, 12, 9, 8, 1, 0, 65, 0, 11, 2, 0, 1, 10,
    128, 1, 13, 7, 0, 32, 0, 32, 1, 106, 11, 21, 0, 32, 0, 80, 4, 126, 66, 1, 5, 32, 0, 32, 0, 66,
    1, 125, 16, 1, 126, 11, 11, 3, 0, 0, 11, 4, 0, 16, 2, 11, 7, 0, 32, 0, 40, 2, 0, 11, 9, 0, 32,
    0, 32, 1, 54, 2, 0, 11, 6, 0, 32, 0, 64, 0, 11, 11, 0, 35, 0, 65, 1, 106, 36, 0, 35, 0, 11, 7,
    0, 16, 8, 65, 1, 106, 11, 11, 0, 65, 3, 65, 4, 32, 0, 17, 0, 0, 11, 15, 0, 32, 0, 66, 2, 68, 0,
    0, 0, 0, 0, 0, 12, 64, 11, 8, 0, 32, 0, 32, 1, 182, 148, 11, 5, 0, 32, 0, 69, 11, 0, 76, 4, 110,
    97, 109, 101, 1, 34, 5, 0, 3, 97, 100, 100, 1, 3, 102, 97, 99, 2, 5, 105, 110, 110, 101, 114, 3,
    5, 111, 117, 116, 101, 114, 8, 7, 114, 101, 99, 117, 114, 115, 101, 2, 27, 13, 0, 0, 1, 0, 2, 0,
    3, 0, 4, 0, 5, 0, 6, 0, 7, 0, 8, 0, 9, 0, 10, 0, 11, 0, 12, 0, 7, 4, 1, 0, 1, 103,
};
// clang-format on

// clang-format off
// (module
//   (import "env" "log" (func $log (param i32 i32)))
//   (import "env" "mix" (func $mix (param i32 f64 i64 f32) (result f64)))
//   (import "env" "wide" (func $wide (param i64) (result i64)))
//   (import "env" "fail" (func $fail))
//   (import "env" "back" (func $back (param i32) (result i32)))
//   (memory (export "memory") 1 4)
//   (data (i32.const 16) "hello, host")
//   (func (export "say") (param $at i32) (param $n i32) (call $log (local.get $at) (local.get $n)))
//   (func (export "mix") (param i32 f64 i64 f32) (result f64)
//     (call $mix (local.get 0) (local.get 1) (local.get 2) (local.get 3)))
//   (func (export "wide") (param i64) (result i64) (call $wide (local.get 0)))
//   (func $outer (export "outer_fail") (call $fail))
//   (func (export "via") (param i32) (result i32) (i32.add (call $back (local.get 0)) (i32.const 100)))
//   (func (export "down") (param i32) (result i32)
//     (if (result i32) (i32.eqz (local.get 0)) (then (i32.const 0)) (else (call $back (local.get 0)))))
//   (func (export "divide") (param i32 i32) (result i32) (i32.div_s (local.get 0) (local.get 1)))
//   (func (export "peek") (param i32) (result i32) (i32.load (local.get 0)))
//   (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
// )
inline const Bytes kHostCalls = {
    0, 97, 115, 109, 1, 0, 0, 0, 1, 33, 6, 96, 2, 127, 127, 0, 96, 4, 127, 124, 126, 125, 1, 124,
    96, 1, 126, 1, 126, 96, 0, 0, 96, 1, 127, 1, 127, 96, 2, 127, 127, 1, 127, 2, 54, 5, 3, 101,
    110, 118, 3, 108, 111, 103, 0, 0, 3, 101, 110, 118, 3, 109, 105, 120, 0, 1, 3, 101, 110, 118, 4,
    119, 105, 100, 101, 0, 2, 3, 101, 110, 118, 4, 102, 97, 105, 108, 0, 3, 3, 101, 110, 118, 4, 98,
    97, 99, 107, 0, 4, 3, 10, 9, 0, 1, 2, 3, 4, 4, 5, 4, 4, 5, 4, 1, 1, 1, 4, 7, 78, 10, 6, 109,
    101, 109, 111, 114, 121, 2, 0, 3, 115, 97, 121, 0, 5, 3, 109, 105, 120, 0, 6, 4, 119, 105, 100,
    101, 0, 7, 10, 111, 117, 116, 101, 114, 95, 102, 97, 105, 108, 0, 8, 3, 118, 105, 97, 0, 9, 4,
    100, 111, 119, 110, 0, 10, 6, 100, 105, 118, 105, 100, 101, 0, 11, 4, 112, 101, 101, 107, 0, 12,
    4, 103, 114, 111, 119, 0, 13, 10, 85, 9, 8, 0, 32, 0, 32, 1, 16, 0, 11, 12, 0, 32, 0, 32, 1, 32,
    2, 32, 3, 16, 1, 11, 6, 0, 32, 0, 16, 2, 11, 4, 0, 16, 3, 11, 10, 0, 32, 0, 16, 4, 65, 228, 0,
    106, 11, 15, 0, 32, 0, 69, 4, 127, 65, 0, 5, 32, 0, 16, 4, 11, 11, 7, 0, 32, 0, 32, 1, 109, 11,
    7, 0, 32, 0, 40, 2, 0, 11, 6, 0, 32, 0, 64, 0, 11, 11, 17, 1, 0, 65, 16, 11, 11, 104, 101, 108,
    108, 111, 44, 32, 104, 111, 115, 116, 0, 81, 4, 110, 97, 109, 101, 1, 36, 6, 0, 3, 108, 111,
    103, 1, 3, 109, 105, 120, 2, 4, 119, 105, 100, 101, 3, 4, 102, 97, 105, 108, 4, 4, 98, 97, 99,
    107, 8, 5, 111, 117, 116, 101, 114, 2, 36, 14, 0, 0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 2, 0, 2, 97,
    116, 1, 1, 110, 6, 0, 7, 0, 8, 0, 9, 0, 10, 0, 11, 0, 12, 0, 13, 0,
};
// clang-format on

// clang-format off
// (module
//   (type $void (func))
//   (memory (export "memory") 1 2)
//   (table (export "table") 10 20 funcref)
//   (global (export "constant") i32 (i32.const 42))
//   (global $v (export "variable") (mut i64) (i64.const 1))
//   (func (export "answer") (result i32) (i32.const 41))
//   (func (export "call_at") (param i32) (result i32) (call_indirect (result i32) (local.get 0)))
//   (func (export "variable_now") (result i64) (global.get $v))
//   (elem (i32.const 1) 0)
// )
inline const Bytes kProvider = {
    0, 97, 115, 109, 1, 0, 0, 0, 1, 17, 4, 96, 0, 0, 96, 0, 1, 127, 96, 1, 127, 1, 127, 96, 0, 1,
    126, 3, 4, 3, 1, 2, 3, 4, 5, 1, 112, 1, 10, 20, 5, 4, 1, 1, 1, 2, 6, 11, 2, 127, 0, 65, 42, 11,
    126, 1, 66, 1, 11, 7, 74, 7, 6, 109, 101, 109, 111, 114, 121, 2, 0, 5, 116, 97, 98, 108, 101, 1,
    0, 8, 99, 111, 110, 115, 116, 97, 110, 116, 3, 0, 8, 118, 97, 114, 105, 97, 98, 108, 101, 3, 1,
    6, 97, 110, 115, 119, 101, 114, 0, 0, 7, 99, 97, 108, 108, 95, 97, 116, 0, 1, 12, 118, 97, 114,
    105, 97, 98, 108, 101, 95, 110, 111, 119, 0, 2, 9, 7, 1, 0, 65, 1, 11, 1, 0, 10, 19, 3, 4, 0,
    65, 41, 11, 7, 0, 32, 0, 17, 1, 0, 11, 4, 0, 35, 1, 11, 0, 29, 4, 110, 97, 109, 101, 2, 7, 3, 0,
    0, 1, 0, 2, 0, 4, 7, 1, 0, 4, 118, 111, 105, 100, 7, 4, 1, 1, 1, 118,
};
// clang-format on

// clang-format off
// (module
//   (import "p" "memory" (memory 1))
//   (import "p" "table" (table 10 funcref))
//   (import "p" "constant" (global $c i32))
//   (import "p" "variable" (global $v (mut i64)))
//   (import "p" "answer" (func $answer (result i32)))
//   (func $mine (result i32) (i32.add (call $answer) (global.get $c)))
//   (elem (i32.const 2) $mine $answer)
//   (data (i32.const 8) "user")
//   (global $sum (export "sum") i32 (i32.add (global.get $c) (i32.const 8)))
//   (func (export "set_variable") (param i64) (global.set $v (local.get 0)))
//   (export "mine" (func $mine))
//   (export "answer_again" (func $answer))
// )
inline const Bytes kUser = {
    0, 97, 115, 109, 1, 0, 0, 0, 1, 9, 2, 96, 0, 1, 127, 96, 1, 126, 0, 2, 64, 5, 1, 112, 6, 109,
    101, 109, 111, 114, 121, 2, 0, 1, 1, 112, 5, 116, 97, 98, 108, 101, 1, 112, 0, 10, 1, 112, 8,
    99, 111, 110, 115, 116, 97, 110, 116, 3, 127, 0, 1, 112, 8, 118, 97, 114, 105, 97, 98, 108, 101,
    3, 126, 1, 1, 112, 6, 97, 110, 115, 119, 101, 114, 0, 0, 3, 3, 2, 0, 1, 6, 9, 1, 127, 0, 35, 0,
    65, 8, 106, 11, 7, 44, 4, 3, 115, 117, 109, 3, 2, 12, 115, 101, 116, 95, 118, 97, 114, 105, 97,
    98, 108, 101, 0, 2, 4, 109, 105, 110, 101, 0, 1, 12, 97, 110, 115, 119, 101, 114, 95, 97, 103,
    97, 105, 110, 0, 0, 9, 8, 1, 0, 65, 2, 11, 2, 1, 0, 10, 16, 2, 7, 0, 16, 0, 35, 0, 106, 11, 6,
    0, 32, 0, 36, 1, 11, 11, 10, 1, 0, 65, 8, 11, 4, 117, 115, 101, 114, 0, 45, 4, 110, 97, 109,
    101, 1, 15, 2, 0, 6, 97, 110, 115, 119, 101, 114, 1, 4, 109, 105, 110, 101, 2, 7, 3, 0, 0, 1, 0,
    2, 0, 7, 12, 3, 0, 1, 99, 1, 1, 118, 2, 3, 115, 117, 109,
};
// clang-format on

// clang-format off
// (module
//   (import "p" "memory" (memory 1))
//   (import "p" "table" (table 10 funcref))
//   (func $left (result i32) (i32.const 77))
//   (elem (i32.const 5) $left)
//   (elem (i32.const 9) $left $left)
//   (data (i32.const 0) "never written")
// )
inline const Bytes kPartial = {
    0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 127, 2, 25, 2, 1, 112, 6, 109, 101, 109, 111,
    114, 121, 2, 0, 1, 1, 112, 5, 116, 97, 98, 108, 101, 1, 112, 0, 10, 3, 2, 1, 0, 9, 14, 2, 0, 65,
    5, 11, 1, 0, 0, 65, 9, 11, 2, 0, 0, 10, 7, 1, 5, 0, 65, 205, 0, 11, 11, 19, 1, 0, 65, 0, 11, 13,
    110, 101, 118, 101, 114, 32, 119, 114, 105, 116, 116, 101, 110, 0, 19, 4, 110, 97, 109, 101, 1,
    7, 1, 0, 4, 108, 101, 102, 116, 2, 3, 1, 0, 0,
};
// clang-format on

// clang-format off
// (module
//   (import "p" "variable" (global $v (mut i64)))
//   (func $go (global.set $v (i64.const 99)) unreachable)
//   (start $go)
// )
inline const Bytes kBadStart = {
    0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 2, 15, 1, 1, 112, 8, 118, 97, 114, 105, 97, 98,
    108, 101, 3, 126, 1, 3, 2, 1, 0, 8, 1, 0, 10, 10, 1, 8, 0, 66, 227, 0, 36, 0, 0, 11, 0, 23, 4,
    110, 97, 109, 101, 1, 5, 1, 0, 2, 103, 111, 2, 3, 1, 0, 0, 7, 4, 1, 0, 1, 118,
};
// clang-format on

// clang-format off
// (module
//   (memory (export "memory") 1 3)
//   (table $f (export "f") 8 16 funcref)
//   (table $e (export "e") 4 externref)
//   (data $d "abcdef")
//   (elem $s func $one $two $one)
//   (func $one (export "one") (result i32) (i32.const 1))
//   (func $two (export "two") (result i32) (i32.const 2))
//   (func (export "minit") (param i32 i32 i32) (memory.init $d (local.get 0) (local.get 1) (local.get 2)))
//   (func (export "ddrop") (data.drop $d))
//   (func (export "mcopy") (param i32 i32 i32) (memory.copy (local.get 0) (local.get 1) (local.get 2)))
//   (func (export "mfill") (param i32 i32 i32) (memory.fill (local.get 0) (local.get 1) (local.get 2)))
//   (func (export "tinit") (param i32 i32 i32) (table.init $f $s (local.get 0) (local.get 1) (local.get 2)))
//   (func (export "edrop") (elem.drop $s))
//   (func (export "tcopy") (param i32 i32 i32) (table.copy $f $f (local.get 0) (local.get 1) (local.get 2)))
//   (func (export "tget") (param i32) (result funcref) (table.get $f (local.get 0)))
//   (func (export "tset") (param i32 funcref) (table.set $f (local.get 0) (local.get 1)))
//   (func (export "tgrow") (param funcref i32) (result i32) (table.grow $f (local.get 0) (local.get 1)))
//   (func (export "tfill") (param i32 funcref i32) (table.fill $f (local.get 0) (local.get 1) (local.get 2)))
//   (func (export "tsize") (result i32) (table.size $f))
//   (func (export "call") (param i32) (result i32) (call_indirect $f (result i32) (local.get 0)))
//   (func (export "eset") (param i32 externref) (table.set $e (local.get 0) (local.get 1)))
//   (func (export "eget") (param i32) (result externref) (table.get $e (local.get 0)))
//   (func (export "egrow") (param externref i32) (result i32) (table.grow $e (local.get 0) (local.get 1)))
//   (func (export "is_two") (param funcref) (result i32) (ref.is_null (local.get 0)))
//   (func (export "ref_two") (result funcref) (ref.func $two))
// )
inline const Bytes kBulk = {
    0, 97, 115, 109, 1, 0, 0, 0, 1, 66, 13, 96, 0, 1, 127, 96, 3, 127, 127, 127, 0, 96, 0, 0, 96, 1,
    127, 1, 112, 96, 2, 127, 112, 0, 96, 2, 112, 127, 1, 127, 96, 3, 127, 112, 127, 0, 96, 1, 127,
    1, 127, 96, 2, 127, 111, 0, 96, 1, 127, 1, 111, 96, 2, 111, 127, 1, 127, 96, 1, 112, 1, 127, 96,
    0, 1, 112, 3, 21, 20, 0, 0, 1, 2, 1, 1, 1, 2, 1, 3, 4, 5, 6, 0, 7, 8, 9, 10, 11, 12, 4, 8, 2,
    112, 1, 8, 16, 111, 0, 4, 5, 4, 1, 1, 1, 3, 7, 172, 1, 23, 6, 109, 101, 109, 111, 114, 121, 2,
    0, 1, 102, 1, 0, 1, 101, 1, 1, 3, 111, 110, 101, 0, 0, 3, 116, 119, 111, 0, 1, 5, 109, 105, 110,
    105, 116, 0, 2, 5, 100, 100, 114, 111, 112, 0, 3, 5, 109, 99, 111, 112, 121, 0, 4, 5, 109, 102,
    105, 108, 108, 0, 5, 5, 116, 105, 110, 105, 116, 0, 6, 5, 101, 100, 114, 111, 112, 0, 7, 5, 116,
    99, 111, 112, 121, 0, 8, 4, 116, 103, 101, 116, 0, 9, 4, 116, 115, 101, 116, 0, 10, 5, 116, 103,
    114, 111, 119, 0, 11, 5, 116, 102, 105, 108, 108, 0, 12, 5, 116, 115, 105, 122, 101, 0, 13, 4,
    99, 97, 108, 108, 0, 14, 4, 101, 115, 101, 116, 0, 15, 4, 101, 103, 101, 116, 0, 16, 5, 101,
    103, 114, 111, 119, 0, 17, 6, 105, 115, 95, 116, 119, 111, 0, 18, 7, 114, 101, 102, 95, 116,
    119, 111, 0, 19, 9, 7, 1, 1, 0, 3, 0, 1, 0, 12, 1, 1, 10, 176, 1, 20, 4, 0, 65, 1, 11, 4, 0, 65,
    2, 11, 12, 0, 32, 0, 32, 1, 32, 2, 252, 8, 0, 0, 11, 5, 0, 252, 9, 0, 11, 12, 0, 32, 0, 32, 1,
    32, 2, 252, 10, 0, 0, 11, 11, 0, 32, 0, 32, 1, 32, 2, 252, 11, 0, 11, 12, 0, 32, 0, 32, 1, 32,
    2, 252, 12, 0, 0, 11, 5, 0, 252, 13, 0, 11, 12, 0, 32, 0, 32, 1, 32, 2, 252, 14, 0, 0, 11, 6, 0,
    32, 0, 37, 0, 11, 8, 0, 32, 0, 32, 1, 38, 0, 11, 9, 0, 32, 0, 32, 1, 252, 15, 0, 11, 11, 0, 32,
    0, 32, 1, 32, 2, 252, 17, 0, 11, 5, 0, 252, 16, 0, 11, 7, 0, 32, 0, 17, 0, 0, 11, 8, 0, 32, 0,
    32, 1, 38, 1, 11, 6, 0, 32, 0, 37, 1, 11, 9, 0, 32, 0, 32, 1, 252, 15, 1, 11, 5, 0, 32, 0, 209,
    11, 4, 0, 210, 1, 11, 11, 9, 1, 1, 6, 97, 98, 99, 100, 101, 102, 0, 82, 4, 110, 97, 109, 101, 1,
    11, 2, 0, 3, 111, 110, 101, 1, 3, 116, 119, 111, 2, 41, 20, 0, 0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0,
    6, 0, 7, 0, 8, 0, 9, 0, 10, 0, 11, 0, 12, 0, 13, 0, 14, 0, 15, 0, 16, 0, 17, 0, 18, 0, 19, 0, 5,
    7, 2, 0, 1, 102, 1, 1, 101, 8, 4, 1, 0, 1, 115, 9, 4, 1, 0, 1, 100,
};

// (module
//   (import "env" "new" (func $new (param i32) (result externref)))
//   (import "env" "id" (func $id (param externref) (result i32)))
//   (import "env" "back" (func $back (param externref i32 externref) (result externref)))
//   (global $g (mut externref) (ref.null extern))
//   (table $t (export "table") 4 100 externref)
//   (memory 1)
//   (func $churn (export "churn") (param $n i32)
//     (loop $again
//       (drop (call $new (i32.const -1)))
//       (br_if $again (i32.gt_s (local.tee $n (i32.sub (local.get $n) (i32.const 1))) (i32.const 0)))))
//   (func $digits (param externref externref externref) (result i32)
//     (call $churn (i32.const 3))
//     (i32.add (call $id (local.get 2))
//       (i32.mul (i32.const 10) (i32.add (call $id (local.get 1))
//         (i32.mul (i32.const 10) (call $id (local.get 0)))))))
//   (func (export "operands") (result i32)
//     (call $new (i32.const 1)) (call $new (i32.const 2)) (call $new (i32.const 3))
//     (call $churn (i32.const 5))
//     (call $digits))
//   (func (export "locals") (param $a externref) (result i32) (local $b externref) (local $c externref)
//     (local.set $b (call $new (i32.const 2)))
//     (local.get $a)
//     (local.set $a (call $new (i32.const 1)))
//     (call $churn (i32.const 2))
//     (local.get $b)
//     (local.set $b (local.get $a))
//     (local.set $c (call $new (i32.const 4)))
//     (call $churn (i32.const 2))
//     (call $digits (local.get $c))
//     (i32.mul (i32.const 100))
//     (i32.add (call $id (local.get $b))))
//   (func $many (param i32 externref i64 externref f64 externref externref i32 externref externref) (result i32)
//     (call $churn (i32.const 3))
//     (i32.add (call $digits (local.get 1) (local.get 3) (local.get 5))
//       (i32.mul (i32.const 1000) (call $digits (local.get 6) (local.get 8) (local.get 9)))))
//   (func (export "stack") (result i32)
//     (call $many (i32.const 1) (call $new (i32.const 1)) (i64.const 1) (call $new (i32.const 2)) (f64.const 1)
//       (call $new (i32.const 3)) (call $new (i32.const 4)) (i32.const 1) (call $new (i32.const 5)) (call $new (i32.const 6))))
//   (func $deep (export "deep") (param $n i32) (result i32) (local $r externref)
//     (if (i32.eqz (local.get $n)) (then (call $churn (i32.const 2000)) (return (i32.const 0))))
//     (local.set $r (call $new (local.get $n)))
//     (i32.add (call $deep (i32.sub (local.get $n) (i32.const 1)))
//       (i32.ne (call $id (local.get $r)) (local.get $n))))
//   (func (export "loops") (param $n i32) (result i32) (local $a externref) (local $b externref) (local $swap externref) (local $bad i32)
//     (local.set $a (call $new (i32.const 1)))
//     (local.set $b (call $new (i32.const 2)))
//     (loop $again
//       (if (i32.and (local.get $n) (i32.const 1))
//         (then (call $churn (i32.const 1)))
//         (else (local.set $swap (local.get $a)) (local.set $a (local.get $b)) (local.set $b (local.get $swap))))
//       (local.set $bad (i32.or (local.get $bad)
//         (i32.ne (i32.const 3) (i32.add (call $id (local.get $a)) (call $id (local.get $b))))))
//       (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
//     (local.get $bad))
//   (func $two (param externref) (result externref i32 externref)
//     (call $new (i32.const 7)) (i32.const 5) (local.get 0))
//   (func (export "blocks") (param $n i32) (result i32)
//     (call $new (i32.const 1))
//     (block $out (param externref) (result externref externref)
//       (call $new (i32.const 2))
//       (br_if $out (local.get $n))
//       (drop) (call $new (i32.const 3)))
//     (call $churn (i32.const 2))
//     (call $new (i32.const 4))
//     (call $digits)
//     (i32.mul (i32.const 10))
//     (call $two (call $new (i32.const 8)))
//     (call $churn (i32.const 2))
//     (call $id) (i32.add)
//     (call $churn (i32.const 2))
//     (i32.store (i32.const 0))
//     (call $id) (i32.add)
//     (i32.add (i32.load (i32.const 0))))
//   (func (export "cells") (result i32)
//     (global.set $g (call $new (i32.const 1)))
//     (table.set $t (i32.const 1) (call $new (i32.const 2)))
//     (drop (table.grow $t (call $new (i32.const 3)) (i32.const 5)))
//     (table.fill $t (i32.const 2) (call $new (i32.const 4)) (i32.const 2))
//     (call $churn (i32.const 10))
//     (table.copy $t (i32.const 0) (i32.const 1) (i32.const 2))
//     (call $churn (i32.const 10))
//     (i32.add (call $digits (global.get $g) (table.get $t (i32.const 0)) (table.get $t (i32.const 1)))
//       (i32.mul (i32.const 1000) (call $id (table.get $t (i32.const 8))))))
//   (func (export "clear")
//     (global.set $g (ref.null extern))
//     (table.fill $t (i32.const 0) (ref.null extern) (table.size $t)))
//   (func (export "nested") (param $n i32) (result i32)
//     (call $new (i32.const 1))
//     (call $back (call $new (i32.const 2)) (local.get $n) (call $new (i32.const 3)))
//     (call $new (i32.const 3))
//     (call $digits))
//   (func (export "inner") (param $r externref) (param $n i32) (result externref)
//     (call $churn (i32.const 5))
//     (if (i32.eqz (local.get $n)) (then (return (local.get $r))))
//     (call $back (local.get $r) (i32.sub (local.get $n) (i32.const 1)) (call $new (i32.const 3))))
//   (func (export "trap") (param externref) (local externref)
//     (local.set 1 (call $new (i32.const 1)))
//     (call $churn (i32.const 3))
//     (drop (call $id (local.get 1)))
//     (unreachable))
// )
inline const Bytes kReferences = {
    0, 97, 115, 109, 1, 0, 0, 0, 1, 78, 13, 96, 1, 127, 1, 111, 96, 1, 111, 1, 127, 96, 3, 111, 127,
    111, 1, 111, 96, 1, 127, 0, 96, 3, 111, 111, 111, 1, 127, 96, 0, 1, 127, 96, 10, 127, 111, 126,
    111, 124, 111, 111, 127, 111, 111, 1, 127, 96, 1, 127, 1, 127, 96, 1, 111, 3, 111, 127, 111, 96,
    1, 111, 2, 111, 111, 96, 0, 0, 96, 2, 111, 127, 1, 111, 96, 1, 111, 0, 2, 31, 3, 3, 101, 110,
    118, 3, 110, 101, 119, 0, 0, 3, 101, 110, 118, 2, 105, 100, 0, 1, 3, 101, 110, 118, 4, 98, 97,
    99, 107, 0, 2, 3, 16, 15, 3, 4, 5, 1, 6, 5, 7, 7, 8, 7, 5, 10, 7, 11, 12, 4, 5, 1, 111, 1, 4,
    100, 5, 3, 1, 0, 1, 6, 6, 1, 111, 1, 208, 111, 11, 7, 109, 13, 5, 116, 97, 98, 108, 101, 1, 0,
    5, 99, 104, 117, 114, 110, 0, 3, 8, 111, 112, 101, 114, 97, 110, 100, 115, 0, 5, 6, 108, 111,
    99, 97, 108, 115, 0, 6, 5, 115, 116, 97, 99, 107, 0, 8, 4, 100, 101, 101, 112, 0, 9, 5, 108,
    111, 111, 112, 115, 0, 10, 6, 98, 108, 111, 99, 107, 115, 0, 12, 5, 99, 101, 108, 108, 115, 0,
    13, 5, 99, 108, 101, 97, 114, 0, 14, 6, 110, 101, 115, 116, 101, 100, 0, 15, 5, 105, 110, 110,
    101, 114, 0, 16, 4, 116, 114, 97, 112, 0, 17, 10, 176, 4, 15, 22, 0, 3, 64, 65, 127, 16, 0, 26,
    32, 0, 65, 1, 107, 34, 0, 65, 0, 74, 13, 0, 11, 11, 26, 0, 65, 3, 16, 3, 32, 2, 16, 1, 65, 10,
    32, 1, 16, 1, 65, 10, 32, 0, 16, 1, 108, 106, 108, 106, 11, 20, 0, 65, 1, 16, 0, 65, 2, 16, 0,
    65, 3, 16, 0, 65, 5, 16, 3, 16, 4, 11, 51, 1, 2, 111, 65, 2, 16, 0, 33, 1, 32, 0, 65, 1, 16, 0,
    33, 0, 65, 2, 16, 3, 32, 1, 32, 0, 33, 1, 65, 4, 16, 0, 33, 2, 65, 2, 16, 3, 32, 2, 16, 4, 65,
    228, 0, 108, 32, 1, 16, 1, 106, 11, 27, 0, 65, 3, 16, 3, 32, 1, 32, 3, 32, 5, 16, 4, 65, 232, 7,
    32, 6, 32, 8, 32, 9, 16, 4, 108, 106, 11, 43, 0, 65, 1, 65, 1, 16, 0, 66, 1, 65, 2, 16, 0, 68,
    0, 0, 0, 0, 0, 0, 240, 63, 65, 3, 16, 0, 65, 4, 16, 0, 65, 1, 65, 5, 16, 0, 65, 6, 16, 0, 16, 7,
    11, 39, 1, 1, 111, 32, 0, 69, 4, 64, 65, 208, 15, 16, 3, 65, 0, 15, 11, 32, 0, 16, 0, 33, 1, 32,
    0, 65, 1, 107, 16, 9, 32, 1, 16, 1, 32, 0, 71, 106, 11, 74, 2, 3, 111, 1, 127, 65, 1, 16, 0, 33,
    1, 65, 2, 16, 0, 33, 2, 3, 64, 32, 0, 65, 1, 113, 4, 64, 65, 1, 16, 3, 5, 32, 1, 33, 3, 32, 2,
    33, 1, 32, 3, 33, 2, 11, 32, 4, 65, 3, 32, 1, 16, 1, 32, 2, 16, 1, 106, 71, 114, 33, 4, 32, 0,
    65, 1, 107, 34, 0, 13, 0, 11, 32, 4, 11, 10, 0, 65, 7, 16, 0, 65, 5, 32, 0, 11, 66, 0, 65, 1,
    16, 0, 2, 9, 65, 2, 16, 0, 32, 0, 13, 0, 26, 65, 3, 16, 0, 11, 65, 2, 16, 3, 65, 4, 16, 0, 16,
    4, 65, 10, 108, 65, 8, 16, 0, 16, 11, 65, 2, 16, 3, 16, 1, 106, 65, 2, 16, 3, 65, 0, 54, 2, 0,
    16, 1, 106, 65, 0, 40, 2, 0, 106, 11, 78, 0, 65, 1, 16, 0, 36, 0, 65, 1, 65, 2, 16, 0, 38, 0,
    65, 3, 16, 0, 65, 5, 252, 15, 0, 26, 65, 2, 65, 4, 16, 0, 65, 2, 252, 17, 0, 65, 10, 16, 3, 65,
    0, 65, 1, 65, 2, 252, 14, 0, 0, 65, 10, 16, 3, 35, 0, 65, 0, 37, 0, 65, 1, 37, 0, 16, 4, 65,
    232, 7, 65, 8, 37, 0, 16, 1, 108, 106, 11, 16, 0, 208, 111, 36, 0, 65, 0, 208, 111, 252, 16, 0,
    252, 17, 0, 11, 24, 0, 65, 1, 16, 0, 65, 2, 16, 0, 32, 0, 65, 3, 16, 0, 16, 2, 65, 3, 16, 0, 16,
    4, 11, 28, 0, 65, 5, 16, 3, 32, 1, 69, 4, 64, 32, 0, 15, 11, 32, 0, 32, 1, 65, 1, 107, 65, 3,
    16, 0, 16, 2, 11, 20, 1, 1, 111, 65, 1, 16, 0, 33, 1, 65, 3, 16, 3, 32, 1, 16, 1, 26, 0, 11, 0,
    156, 1, 4, 110, 97, 109, 101, 1, 48, 8, 0, 3, 110, 101, 119, 1, 2, 105, 100, 2, 4, 98, 97, 99,
    107, 3, 5, 99, 104, 117, 114, 110, 4, 6, 100, 105, 103, 105, 116, 115, 7, 4, 109, 97, 110, 121,
    9, 4, 100, 101, 101, 112, 11, 3, 116, 119, 111, 2, 87, 18, 0, 0, 1, 0, 2, 0, 3, 1, 0, 1, 110, 4,
    0, 5, 0, 6, 3, 0, 1, 97, 1, 1, 98, 2, 1, 99, 7, 0, 8, 0, 9, 2, 0, 1, 110, 1, 1, 114, 10, 5, 0,
    1, 110, 1, 1, 97, 2, 1, 98, 3, 4, 115, 119, 97, 112, 4, 3, 98, 97, 100, 11, 0, 12, 1, 0, 1, 110,
    13, 0, 14, 0, 15, 1, 0, 1, 110, 16, 2, 0, 1, 114, 1, 1, 110, 17, 0, 5, 4, 1, 0, 1, 116, 7, 4, 1,
    0, 1, 103,
};
// clang-format on

// clang-format off
// (module
//   (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
//   (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
//   (import "wasi_snapshot_preview1" "clock_time_get" (func $time (param i32 i64 i32) (result i32)))
//   (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
//   (import "wasi_snapshot_preview1" "args_sizes_get" (func $args (param i32 i32) (result i32)))
//   (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
//   (memory (export "memory") 1)
//   (data (i32.const 0) "\10\00\00\00\03\00\00\00\20\00\00\00\40\00\00\00hi\n")
//   (func (export "_start")
//     (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 128)))
//     (call $exit (i32.const 42)))
//   (func (export "echo") (result i32)
//     (if (call $read (i32.const 0) (i32.const 8) (i32.const 1) (i32.const 128)) (then (return (i32.const -1))))
//     (i32.store (i32.const 200) (i32.const 32))
//     (i32.store (i32.const 204) (i32.load (i32.const 128)))
//     (call $write (i32.const 2) (i32.const 200) (i32.const 1) (i32.const 132)))
//   (func (export "time") (param i32) (result i64)
//     (if (call $time (local.get 0) (i64.const 0) (i32.const 128)) (then (return (i64.const -1))))
//     (i64.load (i32.const 128)))
//   (func (export "random") (result i32)
//     (if (call $random (i32.const 128) (i32.const 4)) (then (return (i32.const -1))))
//     (i32.load (i32.const 128)))
//   (func (export "argc") (result i32)
//     (drop (call $args (i32.const 128) (i32.const 132)))
//     (i32.load (i32.const 128))))
inline const Bytes kWasiProgram = {
    0, 97, 115, 109, 1, 0, 0, 0, 1, 38, 7, 96, 4, 127, 127, 127, 127, 1, 127, 96, 3, 127, 126,
    127, 1, 127, 96, 2, 127, 127, 1, 127, 96, 1, 127, 0, 96, 0, 0, 96, 0, 1, 127, 96, 1, 127, 1,
    126, 2, 219, 1, 6, 22, 119, 97, 115, 105, 95, 115, 110, 97, 112, 115, 104, 111, 116, 95,
    112, 114, 101, 118, 105, 101, 119, 49, 8, 102, 100, 95, 119, 114, 105, 116, 101, 0, 0, 22,
    119, 97, 115, 105, 95, 115, 110, 97, 112, 115, 104, 111, 116, 95, 112, 114, 101, 118, 105,
    101, 119, 49, 7, 102, 100, 95, 114, 101, 97, 100, 0, 0, 22, 119, 97, 115, 105, 95, 115, 110,
    97, 112, 115, 104, 111, 116, 95, 112, 114, 101, 118, 105, 101, 119, 49, 14, 99, 108, 111,
    99, 107, 95, 116, 105, 109, 101, 95, 103, 101, 116, 0, 1, 22, 119, 97, 115, 105, 95, 115,
    110, 97, 112, 115, 104, 111, 116, 95, 112, 114, 101, 118, 105, 101, 119, 49, 10, 114, 97,
    110, 100, 111, 109, 95, 103, 101, 116, 0, 2, 22, 119, 97, 115, 105, 95, 115, 110, 97, 112,
    115, 104, 111, 116, 95, 112, 114, 101, 118, 105, 101, 119, 49, 14, 97, 114, 103, 115, 95,
    115, 105, 122, 101, 115, 95, 103, 101, 116, 0, 2, 22, 119, 97, 115, 105, 95, 115, 110, 97,
    112, 115, 104, 111, 116, 95, 112, 114, 101, 118, 105, 101, 119, 49, 9, 112, 114, 111, 99,
    95, 101, 120, 105, 116, 0, 3, 3, 6, 5, 4, 5, 6, 5, 5, 5, 3, 1, 0, 1, 7, 49, 6, 6, 109, 101,
    109, 111, 114, 121, 2, 0, 6, 95, 115, 116, 97, 114, 116, 0, 6, 4, 101, 99, 104, 111, 0, 7,
    4, 116, 105, 109, 101, 0, 8, 6, 114, 97, 110, 100, 111, 109, 0, 9, 4, 97, 114, 103, 99, 0,
    10, 10, 136, 1, 5, 18, 0, 65, 1, 65, 0, 65, 1, 65, 128, 1, 16, 0, 26, 65, 42, 16, 5, 11, 51,
    0, 65, 0, 65, 8, 65, 1, 65, 128, 1, 16, 1, 4, 64, 65, 127, 15, 11, 65, 200, 1, 65, 32, 54,
    2, 0, 65, 204, 1, 65, 128, 1, 40, 2, 0, 54, 2, 0, 65, 2, 65, 200, 1, 65, 1, 65, 132, 1, 16,
    0, 11, 23, 0, 32, 0, 66, 0, 65, 128, 1, 16, 2, 4, 64, 66, 127, 15, 11, 65, 128, 1, 41, 3, 0,
    11, 21, 0, 65, 128, 1, 65, 4, 16, 3, 4, 64, 65, 127, 15, 11, 65, 128, 1, 40, 2, 0, 11, 17,
    0, 65, 128, 1, 65, 132, 1, 16, 4, 26, 65, 128, 1, 40, 2, 0, 11, 11, 25, 1, 0, 65, 0, 11, 19,
    16, 0, 0, 0, 3, 0, 0, 0, 32, 0, 0, 0, 64, 0, 0, 0, 104, 105, 10,
};
// clang-format on

}  // namespace sluice_test

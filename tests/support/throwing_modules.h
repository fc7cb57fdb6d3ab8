// Modules that throw and catch, as bytes, each with the text it was made from (wasm-tools parse).
#pragma once

#include <cstdint>
#include <vector>

namespace sluice_test {

using Bytes = std::vector<uint8_t>;

// clang-format off
// (module
//   (tag $num (export "num") (param i32))
//   (tag $all (export "all") (param i32 i64 f32 f64 v128 externref funcref))
//   (tag $wide (export "wide") (param i64 i64 i64 i64 i64 i64 i64 i64))
//   (memory 1)
//   (func (export "throw_num") (param i32) (throw $num (local.get 0)))
//   (func (export "throw_all") (param i32 i64 f32 f64 v128 externref funcref)
//     (throw $all (local.get 0) (local.get 1) (local.get 2) (local.get 3) (local.get 4) (local.get 5) (local.get 6)))
//   (func (export "throw_wide") (param $p i64)
//     (throw $wide (local.get $p) (i64.const 2) (i64.const 3) (i64.const 4) (i64.const 5) (i64.const 6) (i64.const 7) (local.get $p)))
//   (func $deep (export "deep") (param $depth i32) (param $value i32)
//     (if (local.get $depth)
//       (then (call $deep (i32.sub (local.get $depth) (i32.const 1)) (local.get $value)))
//       (else (throw $num (local.get $value)))))
// )
inline const Bytes kThrower = {
    0, 97, 115, 109, 1, 0, 0, 0, 1, 35, 5, 96, 1, 127, 0, 96, 7, 127, 126, 125, 124, 123, 111, 112,
    0, 96, 8, 126, 126, 126, 126, 126, 126, 126, 126, 0, 96, 1, 126, 0, 96, 2, 127, 127, 0, 3, 5, 4,
    0, 1, 3, 4, 5, 3, 1, 0, 1, 13, 7, 3, 0, 0, 0, 1, 0, 2, 7, 64, 7, 3, 110, 117, 109, 4, 0, 3, 97,
    108, 108, 4, 1, 4, 119, 105, 100, 101, 4, 2, 9, 116, 104, 114, 111, 119, 95, 110, 117, 109, 0,
    0, 9, 116, 104, 114, 111, 119, 95, 97, 108, 108, 0, 1, 10, 116, 104, 114, 111, 119, 95, 119,
    105, 100, 101, 0, 2, 4, 100, 101, 101, 112, 0, 3, 10, 70, 4, 6, 0, 32, 0, 8, 0, 11, 18, 0, 32,
    0, 32, 1, 32, 2, 32, 3, 32, 4, 32, 5, 32, 6, 8, 1, 11, 20, 0, 32, 0, 66, 2, 66, 3, 66, 4, 66, 5,
    66, 6, 66, 7, 32, 0, 8, 2, 11, 21, 0, 32, 0, 4, 64, 32, 0, 65, 1, 107, 32, 1, 16, 3, 5, 32, 1,
    8, 0, 11, 11,
};
// clang-format on

// clang-format off
// (module
//   (import "thrower" "num" (tag $num (param i32)))
//   (import "thrower" "all" (tag $all (param i32 i64 f32 f64 v128 externref funcref)))
//   (import "thrower" "wide" (tag $wide (param i64 i64 i64 i64 i64 i64 i64 i64)))
//   (import "thrower" "throw_num" (func $throw_num (param i32)))
//   (import "thrower" "throw_all" (func $throw_all (param i32 i64 f32 f64 v128 externref funcref)))
//   (import "thrower" "throw_wide" (func $throw_wide (param i64)))
//   (import "thrower" "deep" (func $deep (param i32 i32)))
//   (import "host" "relay" (func $relay (param i32)))
//   (import "host" "throw" (func $host_throw (param i32)))
//   (tag $own (param i32))
//   (tag $empty)
//   (memory (export "memory") 1)
//   (data (i32.const 0) "\2a")
//   (global $kept (mut exnref) (ref.null exn))
//   (table $exceptions 2 exnref)
//   (table $throwers funcref (elem $throw_num $relay $host_throw $direct $own))
//   (type $thrower (func (param i32)))
//   (func $direct (param i32) (throw $num (local.get 0)))
//   (func $own (param i32) (throw $own (local.get 0)))
//   (func (export "catch") (param $which i32) (param $value i32) (result i32)
//     (block $caught (result i32)
//       (try_table (catch $num $caught)
//         (call_indirect $throwers (type $thrower) (local.get $value) (local.get $which)))
//       (return (i32.const -1)))
//     (i32.add (i32.load8_u (i32.const 0))))
//   (func (export "catch_deep") (param $depth i32) (result i32)
//     (block $caught (result i32)
//       (try_table (catch $num $caught) (call $deep (local.get $depth) (i32.const 5)))
//       (i32.const -1)))
//   (func (export "all") (param i32 i64 f32 f64 v128 externref funcref)
//       (result i32 i64 f32 f64 v128 externref funcref)
//     (block $caught (result i32 i64 f32 f64 v128 externref funcref)
//       (try_table (catch $all $caught)
//         (call $throw_all (local.get 0) (local.get 1) (local.get 2) (local.get 3) (local.get 4) (local.get 5) (local.get 6)))
//       (unreachable)))
//   (func (export "wide") (param i64) (result i64)
//     (block $caught (result i64 i64 i64 i64 i64 i64 i64 i64)
//       (try_table (catch $wide $caught) (call $throw_wide (local.get 0)))
//       (unreachable))
//     i64.add i64.add i64.add i64.add i64.add i64.add i64.add)
//   (func (export "reference") (param i32) (result i32)
//     (local $held exnref)
//     (block $first (result i32 exnref)
//       (try_table (catch_ref $num $first) (call $throw_num (local.get 0)))
//       (unreachable))
//     local.set $held
//     drop
//     (global.set $kept (local.get $held))
//     (table.set $exceptions (i32.const 1) (global.get $kept))
//     (block $between
//       (try_table (catch_all $between) (throw $own (i32.const 77))))
//     (block $second (result i32)
//       (try_table (catch $num $second) (throw_ref (table.get $exceptions (i32.const 1))))
//       (unreachable)))
//   (func (export "null_reference") (throw_ref (ref.null exn)))
//   (func (export "loop") (param $n i32) (result i64)
//     (local $i i32) (local $sum i64)
//     (loop $again
//       (local.set $sum (i64.add (local.get $sum) (i64.extend_i32_u (local.get $i))))
//       (block $caught (result i32)
//         (try_table (catch $num $caught)
//           (local.set $sum (i64.add (local.get $sum) (i64.const 1)))
//           (call $direct (local.get $i)))
//         (unreachable))
//       i64.extend_i32_u
//       local.get $sum
//       i64.add
//       local.set $sum
//       (br_if $again (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $n))))
//     (local.get $sum))
//   (func (export "set_late") (result i32)
//     (local $x i32)
//     (local.set $x (i32.const 7))
//     (block $caught (result i32)
//       (try_table (catch $num $caught)
//         (loop $again
//           (call $throw_num (i32.const 1))
//           (local.set $x (i32.const 9))
//           (br_if $again (local.get $x))))
//       (unreachable))
//     drop
//     (local.get $x))
//   (func $ten (param i64 i64 i64 i64 i64 i64 i64 i64 i64 i64) (result i64)
//     (call $throw_num (i32.const 3)) (local.get 9))
//   (func (export "operands") (result i64)
//     (i64.const 1000)
//     (block $caught (result i32)
//       (try_table (catch $num $caught)
//         (drop (i64.add (i64.const 5) (call $ten (i64.const 1) (i64.const 1) (i64.const 1) (i64.const 1) (i64.const 1)
//           (i64.const 1) (i64.const 1) (i64.const 1) (i64.const 1) (i64.const 1)))))
//       (unreachable))
//     i64.extend_i32_u
//     i64.add)
//   (func (export "nested") (param $tag i32) (result i32)
//     (block $outer (result i32)
//       (block $inner (result i32)
//         (try_table (catch $num $outer)
//           (try_table (catch $own $inner)
//             (if (local.get $tag) (then (throw $own (i32.const 10))) (else (throw $num (i32.const 20))))))
//         (unreachable))
//       (return (i32.add (i32.const 1)))))
//   (func (export "from_handler") (result i32)
//     (block $outer (result i32)
//       (try_table (catch $own $outer)
//         (block $inner (result i32)
//           (try_table (catch $num $inner) (throw $num (i32.const 6)))
//           (unreachable))
//         (throw $own (i32.add (i32.const 1))))
//       (unreachable)))
//   (func (export "trap") (block $caught (try_table (catch_all $caught) (unreachable))))
//   (func (export "uncaught") (param i32)
//     (block $caught (try_table (catch $empty $caught) (call $throw_num (local.get 0)))))
//   (func (export "tail") (param i32) (result i32)
//     (block $caught (result i32)
//       (try_table (catch $num $caught) (return_call $tail_target (local.get 0)))
//       (unreachable)))
//   (func $tail_target (param i32) (result i32) (throw $num (local.get 0)))
// )
inline const Bytes kCatcher = {
    0, 97, 115, 109, 1, 0, 0, 0, 1, 124, 17, 96, 1, 127, 0, 96, 7, 127, 126, 125, 124, 123, 111,
    112, 0, 96, 8, 126, 126, 126, 126, 126, 126, 126, 126, 0, 96, 1, 126, 0, 96, 2, 127, 127, 0, 96,
    0, 0, 96, 2, 127, 127, 1, 127, 96, 1, 127, 1, 127, 96, 7, 127, 126, 125, 124, 123, 111, 112, 7,
    127, 126, 125, 124, 123, 111, 112, 96, 0, 7, 127, 126, 125, 124, 123, 111, 112, 96, 1, 126, 1,
    126, 96, 0, 8, 126, 126, 126, 126, 126, 126, 126, 126, 96, 0, 2, 127, 105, 96, 1, 127, 1, 126,
    96, 0, 1, 127, 96, 10, 126, 126, 126, 126, 126, 126, 126, 126, 126, 126, 1, 126, 96, 0, 1, 126,
    2, 149, 1, 9, 7, 116, 104, 114, 111, 119, 101, 114, 3, 110, 117, 109, 4, 0, 0, 7, 116, 104, 114,
    111, 119, 101, 114, 3, 97, 108, 108, 4, 0, 1, 7, 116, 104, 114, 111, 119, 101, 114, 4, 119, 105,
    100, 101, 4, 0, 2, 7, 116, 104, 114, 111, 119, 101, 114, 9, 116, 104, 114, 111, 119, 95, 110,
    117, 109, 0, 0, 7, 116, 104, 114, 111, 119, 101, 114, 9, 116, 104, 114, 111, 119, 95, 97, 108,
    108, 0, 1, 7, 116, 104, 114, 111, 119, 101, 114, 10, 116, 104, 114, 111, 119, 95, 119, 105, 100,
    101, 0, 3, 7, 116, 104, 114, 111, 119, 101, 114, 4, 100, 101, 101, 112, 0, 4, 4, 104, 111, 115,
    116, 5, 114, 101, 108, 97, 121, 0, 0, 4, 104, 111, 115, 116, 5, 116, 104, 114, 111, 119, 0, 0,
    3, 19, 18, 0, 0, 6, 7, 8, 10, 7, 5, 13, 14, 15, 16, 7, 14, 5, 0, 7, 7, 4, 8, 2, 105, 0, 2, 112,
    1, 5, 5, 5, 3, 1, 0, 1, 13, 5, 2, 0, 0, 0, 5, 6, 6, 1, 105, 1, 208, 105, 11, 7, 151, 1, 15, 6,
    109, 101, 109, 111, 114, 121, 2, 0, 5, 99, 97, 116, 99, 104, 0, 8, 10, 99, 97, 116, 99, 104, 95,
    100, 101, 101, 112, 0, 9, 3, 97, 108, 108, 0, 10, 4, 119, 105, 100, 101, 0, 11, 9, 114, 101,
    102, 101, 114, 101, 110, 99, 101, 0, 12, 14, 110, 117, 108, 108, 95, 114, 101, 102, 101, 114,
    101, 110, 99, 101, 0, 13, 4, 108, 111, 111, 112, 0, 14, 8, 115, 101, 116, 95, 108, 97, 116, 101,
    0, 15, 8, 111, 112, 101, 114, 97, 110, 100, 115, 0, 17, 6, 110, 101, 115, 116, 101, 100, 0, 18,
    12, 102, 114, 111, 109, 95, 104, 97, 110, 100, 108, 101, 114, 0, 19, 4, 116, 114, 97, 112, 0,
    20, 8, 117, 110, 99, 97, 117, 103, 104, 116, 0, 21, 4, 116, 97, 105, 108, 0, 22, 9, 13, 1, 2, 1,
    65, 0, 11, 0, 5, 0, 4, 5, 6, 7, 10, 216, 3, 18, 6, 0, 32, 0, 8, 0, 11, 6, 0, 32, 0, 8, 3, 11,
    28, 0, 2, 127, 31, 64, 1, 0, 0, 0, 32, 1, 32, 0, 17, 0, 1, 11, 65, 127, 15, 11, 65, 0, 45, 0, 0,
    106, 11, 20, 0, 2, 127, 31, 64, 1, 0, 0, 0, 32, 0, 65, 5, 16, 3, 11, 65, 127, 11, 11, 29, 0, 2,
    9, 31, 64, 1, 0, 1, 0, 32, 0, 32, 1, 32, 2, 32, 3, 32, 4, 32, 5, 32, 6, 16, 1, 11, 0, 11, 11,
    24, 0, 2, 11, 31, 64, 1, 0, 2, 0, 32, 0, 16, 2, 11, 0, 11, 124, 124, 124, 124, 124, 124, 124,
    11, 62, 1, 1, 105, 2, 12, 31, 64, 1, 1, 0, 0, 32, 0, 16, 0, 11, 0, 11, 33, 1, 26, 32, 1, 36, 0,
    65, 1, 35, 0, 38, 0, 2, 64, 31, 64, 1, 2, 0, 65, 205, 0, 8, 3, 11, 11, 2, 127, 31, 64, 1, 0, 0,
    0, 65, 1, 37, 0, 10, 11, 0, 11, 11, 5, 0, 208, 105, 10, 11, 59, 2, 1, 127, 1, 126, 3, 64, 32, 2,
    32, 1, 173, 124, 33, 2, 2, 127, 31, 64, 1, 0, 0, 0, 32, 2, 66, 1, 124, 33, 2, 32, 1, 16, 6, 11,
    0, 11, 173, 32, 2, 124, 33, 2, 32, 1, 65, 1, 106, 34, 1, 32, 0, 73, 13, 0, 11, 32, 2, 11, 37, 1,
    1, 127, 65, 7, 33, 0, 2, 127, 31, 64, 1, 0, 0, 0, 3, 64, 65, 1, 16, 0, 65, 9, 33, 0, 32, 0, 13,
    0, 11, 11, 0, 11, 26, 32, 0, 11, 8, 0, 65, 3, 16, 0, 32, 9, 11, 44, 0, 66, 232, 7, 2, 127, 31,
    64, 1, 0, 0, 0, 66, 5, 66, 1, 66, 1, 66, 1, 66, 1, 66, 1, 66, 1, 66, 1, 66, 1, 66, 1, 66, 1, 16,
    16, 124, 26, 11, 0, 11, 173, 124, 11, 41, 0, 2, 127, 2, 127, 31, 64, 1, 0, 0, 1, 31, 64, 1, 0,
    3, 1, 32, 0, 4, 64, 65, 10, 8, 3, 5, 65, 20, 8, 0, 11, 11, 11, 0, 11, 65, 1, 106, 15, 11, 11,
    33, 0, 2, 127, 31, 64, 1, 0, 3, 0, 2, 127, 31, 64, 1, 0, 0, 0, 65, 6, 8, 0, 11, 0, 11, 65, 1,
    106, 8, 3, 11, 0, 11, 11, 12, 0, 2, 64, 31, 64, 1, 2, 0, 0, 11, 11, 11, 16, 0, 2, 64, 31, 64, 1,
    0, 4, 0, 32, 0, 16, 0, 11, 11, 11, 17, 0, 2, 127, 31, 64, 1, 0, 0, 0, 32, 0, 18, 23, 11, 0, 11,
    11, 6, 0, 32, 0, 8, 0, 11, 11, 7, 1, 0, 65, 0, 11, 1, 42,
};
// clang-format on

// clang-format off
// (module
//   (import "thrower" "num" (tag $num (param i32)))
//   (import "thrower" "throw_num" (func $throw_num (param i32)))
//   (tag $other)
//   (func (export "catch") (param i32) (result i32)
//     try (result i32)
//       local.get 0
//       call $throw_num
//       i32.const -1
//     catch $other
//       i32.const -2
//     catch $num
//       i32.const 100
//       i32.add
//     catch_all
//       i32.const -3
//     end)
//   (func (export "catch_all") (param i32) (result i32)
//     try
//       local.get 0
//       call $throw_num
//     catch $other
//     catch_all
//       i32.const 8
//       return
//     end
//     i32.const -1)
//   (func (export "rethrow") (param i32) (result i32)
//     try (result i32)
//       try
//         local.get 0
//         call $throw_num
//       catch $num
//         drop
//         try
//           throw $other
//         catch_all
//         end
//         rethrow 0
//       end
//       i32.const -1
//     catch $num
//     end)
//   (func (export "rethrow_outer") (param i32) (result i32)
//     try (result i32)
//       try
//         local.get 0
//         call $throw_num
//       catch_all
//         try
//           throw $other
//         catch $other
//           rethrow 1
//         end
//       end
//       i32.const -1
//     catch $num
//     end)
//   (func (export "delegate") (param i32) (result i32)
//     try $outer (result i32)
//       try (result i32)
//         try
//           local.get 0
//           call $throw_num
//         delegate $outer
//         i32.const -1
//       catch $num
//         i32.const -5
//         i32.add
//       end
//     catch $num
//     end)
//   (func (export "delegate_out") (param i32) (result i32)
//     try (result i32)
//       try
//         local.get 0
//         call $throw_num
//       delegate 1
//       i32.const -1
//     catch $num
//     end)
// )
inline const Bytes kLegacyCatcher = {
    0, 97, 115, 109, 1, 0, 0, 0, 1, 13, 3, 96, 1, 127, 0, 96, 0, 0, 96, 1, 127, 1, 127, 2, 36, 2, 7,
    116, 104, 114, 111, 119, 101, 114, 3, 110, 117, 109, 4, 0, 0, 7, 116, 104, 114, 111, 119, 101,
    114, 9, 116, 104, 114, 111, 119, 95, 110, 117, 109, 0, 0, 3, 7, 6, 2, 2, 2, 2, 2, 2, 13, 3, 1,
    0, 1, 7, 73, 6, 5, 99, 97, 116, 99, 104, 0, 1, 9, 99, 97, 116, 99, 104, 95, 97, 108, 108, 0, 2,
    7, 114, 101, 116, 104, 114, 111, 119, 0, 3, 13, 114, 101, 116, 104, 114, 111, 119, 95, 111, 117,
    116, 101, 114, 0, 4, 8, 100, 101, 108, 101, 103, 97, 116, 101, 0, 5, 12, 100, 101, 108, 101,
    103, 97, 116, 101, 95, 111, 117, 116, 0, 6, 10, 143, 1, 6, 24, 0, 6, 127, 32, 0, 16, 0, 65, 127,
    7, 1, 65, 126, 7, 0, 65, 228, 0, 106, 25, 65, 125, 11, 11, 17, 0, 6, 64, 32, 0, 16, 0, 7, 1, 25,
    65, 8, 15, 11, 65, 127, 11, 27, 0, 6, 127, 6, 64, 32, 0, 16, 0, 7, 0, 26, 6, 64, 8, 1, 25, 11,
    9, 0, 11, 65, 127, 7, 0, 11, 11, 26, 0, 6, 127, 6, 64, 32, 0, 16, 0, 25, 6, 64, 8, 1, 7, 1, 9,
    1, 11, 11, 65, 127, 7, 0, 11, 11, 25, 0, 6, 127, 6, 127, 6, 64, 32, 0, 16, 0, 24, 1, 65, 127, 7,
    0, 65, 123, 106, 11, 7, 0, 11, 11, 17, 0, 6, 127, 6, 64, 32, 0, 16, 0, 24, 1, 65, 127, 7, 0, 11,
    11,
};
// clang-format on

}  // namespace sluice_test

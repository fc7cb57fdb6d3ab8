// Guests whose references travel with exceptions, for the tests of the reference heap: bytes with
// the text each was made from. Their imports are those of kReferences (example_modules.h).
#pragma once

#include "tests/support/example_modules.h"

namespace sluice_test {

// clang-format off
// (module
//   (import "env" "new" (func $new (param i32) (result externref)))
//   (import "env" "id" (func $id (param externref) (result i32)))
//   (import "env" "back" (func $back (param externref i32 externref) (result externref)))
//   (tag $e (param externref i32 externref))
//   (tag $big (param externref externref externref externref exnref))
//   (table $kept 10 exnref)
//   (global $g (mut exnref) (ref.null exn))
//   (func $churn (param $n i32)
//     (loop $again
//       (drop (call $new (i32.const -1)))
//       (br_if $again (i32.gt_s (local.tee $n (i32.sub (local.get $n) (i32.const 1))) (i32.const 0)))))
//   (func $throws (param $a externref)
//     (call $churn (i32.const 3))
//     (throw $e (local.get $a) (i32.const 5) (call $new (i32.const 2))))
//   (func $number (param $a externref) (param $n i32) (param $b externref) (result i32)
//     (call $churn (i32.const 2))
//     (i32.add (call $id (local.get $b))
//       (i32.mul (i32.const 10) (i32.add (local.get $n) (i32.mul (i32.const 10) (call $id (local.get $a)))))))
//   (func $unpack (param $x exnref) (result i32)
//     (block $h (result externref i32 externref)
//       (try_table (catch $e $h) (throw_ref (local.get $x)))
//       (unreachable))
//     (call $churn (i32.const 2))
//     (call $number))
//   (func $catch (param $v i32) (result exnref)
//     (block $h (result externref i32 externref exnref)
//       (try_table (catch_ref $e $h) (call $throws (call $new (local.get $v))))
//       (unreachable))
//     (call $churn (i32.const 2))
//     (global.set $g)
//     (drop) (drop) (drop)
//     (call $churn (i32.const 2))
//     (global.get $g)
//     (global.set $g (ref.null exn)))
//   (func (export "caught") (result i32) (local $x exnref)
//     (call $new (i32.const 9))
//     (local.set $x (call $catch (i32.const 1)))
//     (call $churn (i32.const 2))
//     (call $id)
//     (i32.mul (i32.const 1000))
//     (i32.add (call $unpack (local.get $x))))
//   (func (export "plain") (result i32)
//     (block $h (result externref i32 externref)
//       (try_table (catch $e $h) (call $throws (call $new (i32.const 3))))
//       (unreachable))
//     (call $churn (i32.const 2))
//     (call $number))
//   (func (export "keep") (param $n i32)
//     (loop $again
//       (table.set $kept (i32.rem_u (local.get $n) (i32.const 10)) (call $catch (i32.const 4)))
//       (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))
//   (func (export "kept") (param $i i32) (result i32)
//     (call $unpack (table.get $kept (local.get $i))))
//   (func (export "clear")
//     (table.fill $kept (i32.const 0) (ref.null exn) (i32.const 10)))
//   (func (export "chain") (param $n i32) (result i32) (local $x exnref)
//     (local.set $x (call $catch (i32.const 7)))
//     (loop $again
//       (local.set $x
//         (block $r (result exnref)
//           (try_table (catch_all_ref $r)
//             (throw $big (call $new (i32.const 1)) (call $new (i32.const 2)) (call $new (i32.const 3))
//               (call $new (i32.const 4)) (local.get $x)))
//           (unreachable)))
//       (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
//     (block $done
//       (loop $down
//         (block $h (result externref externref externref externref exnref)
//           (try_table (catch $big $h) (catch_all $done) (throw_ref (local.get $x)))
//           (unreachable))
//         (call $churn (i32.const 1))
//         (local.set $x)
//         (drop (call $id)) (drop (call $id)) (drop (call $id)) (drop (call $id))
//         (br $down)))
//     (call $unpack (local.get $x)))
//   (func $rises (export "inner") (param externref i32) (result externref)
//     (if (local.get 1)
//       (then (return (call $back (local.get 0) (i32.sub (local.get 1) (i32.const 1)) (call $new (i32.const 3))))))
//     (call $throws (local.get 0))
//     (unreachable))
//   (func (export "nested") (param $n i32) (result i32)
//     (call $new (i32.const 6))
//     (block $h (result externref i32 externref)
//       (try_table (catch $e $h)
//         (drop (call $back (call $new (i32.const 2)) (local.get $n) (call $new (i32.const 3)))))
//       (unreachable))
//     (call $churn (i32.const 2))
//     (call $number)
//     (i32.mul (i32.const 10))
//     (local.set $n)
//     (i32.add (call $id) (local.get $n)))
//   (func (export "uncaught") (call $throws (call $new (i32.const 8))))
// )
inline const Bytes kReferencesThrown = {
    0, 97, 115, 109, 1, 0, 0, 0, 1, 96, 17, 96, 1, 127, 1, 111, 96, 1, 111, 1, 127, 96, 3, 111, 127,
    111, 1, 111, 96, 3, 111, 127, 111, 0, 96, 5, 111, 111, 111, 111, 105, 0, 96, 1, 127, 0, 96, 1,
    111, 0, 96, 3, 111, 127, 111, 1, 127, 96, 1, 105, 1, 127, 96, 0, 3, 111, 127, 111, 96, 1, 127,
    1, 105, 96, 0, 4, 111, 127, 111, 105, 96, 0, 1, 127, 96, 1, 127, 1, 127, 96, 0, 0, 96, 0, 5,
    111, 111, 111, 111, 105, 96, 2, 111, 127, 1, 111, 2, 31, 3, 3, 101, 110, 118, 3, 110, 101, 119,
    0, 0, 3, 101, 110, 118, 2, 105, 100, 0, 1, 3, 101, 110, 118, 4, 98, 97, 99, 107, 0, 2, 3, 15,
    14, 5, 6, 7, 8, 10, 12, 12, 5, 13, 14, 13, 16, 13, 14, 4, 4, 1, 105, 0, 10, 13, 5, 2, 0, 3, 0,
    4, 6, 6, 1, 105, 1, 208, 105, 11, 7, 76, 9, 6, 99, 97, 117, 103, 104, 116, 0, 8, 5, 112, 108,
    97, 105, 110, 0, 9, 4, 107, 101, 101, 112, 0, 10, 4, 107, 101, 112, 116, 0, 11, 5, 99, 108, 101,
    97, 114, 0, 12, 5, 99, 104, 97, 105, 110, 0, 13, 5, 105, 110, 110, 101, 114, 0, 14, 6, 110, 101,
    115, 116, 101, 100, 0, 15, 8, 117, 110, 99, 97, 117, 103, 104, 116, 0, 16, 10, 159, 3, 14, 22,
    0, 3, 64, 65, 127, 16, 0, 26, 32, 0, 65, 1, 107, 34, 0, 65, 0, 74, 13, 0, 11, 11, 16, 0, 65, 3,
    16, 3, 32, 0, 65, 5, 65, 2, 16, 0, 8, 0, 11, 24, 0, 65, 2, 16, 3, 32, 2, 16, 1, 65, 10, 32, 1,
    65, 10, 32, 0, 16, 1, 108, 106, 108, 106, 11, 22, 0, 2, 9, 31, 64, 1, 0, 0, 0, 32, 0, 10, 11, 0,
    11, 65, 2, 16, 3, 16, 5, 11, 38, 0, 2, 11, 31, 64, 1, 1, 0, 0, 32, 0, 16, 0, 16, 4, 11, 0, 11,
    65, 2, 16, 3, 36, 0, 26, 26, 26, 65, 2, 16, 3, 35, 0, 208, 105, 36, 0, 11, 29, 1, 1, 105, 65, 9,
    16, 0, 65, 1, 16, 7, 33, 0, 65, 2, 16, 3, 16, 1, 65, 232, 7, 108, 32, 0, 16, 6, 106, 11, 25, 0,
    2, 9, 31, 64, 1, 0, 0, 0, 65, 3, 16, 0, 16, 4, 11, 0, 11, 65, 2, 16, 3, 16, 5, 11, 25, 0, 3, 64,
    32, 0, 65, 10, 112, 65, 4, 16, 7, 38, 0, 32, 0, 65, 1, 107, 34, 0, 13, 0, 11, 11, 8, 0, 32, 0,
    37, 0, 16, 6, 11, 11, 0, 65, 0, 208, 105, 65, 10, 252, 17, 0, 11, 100, 1, 1, 105, 65, 7, 16, 7,
    33, 1, 3, 64, 2, 105, 31, 64, 1, 3, 0, 65, 1, 16, 0, 65, 2, 16, 0, 65, 3, 16, 0, 65, 4, 16, 0,
    32, 1, 8, 1, 11, 0, 11, 33, 1, 32, 0, 65, 1, 107, 34, 0, 13, 0, 11, 2, 64, 3, 64, 2, 15, 31, 64,
    2, 0, 1, 0, 2, 2, 32, 1, 10, 11, 0, 11, 65, 1, 16, 3, 33, 1, 16, 1, 26, 16, 1, 26, 16, 1, 26,
    16, 1, 26, 12, 0, 11, 11, 32, 1, 16, 6, 11, 26, 0, 32, 1, 4, 64, 32, 0, 32, 1, 65, 1, 107, 65,
    3, 16, 0, 16, 2, 15, 11, 32, 0, 16, 4, 0, 11, 46, 0, 65, 6, 16, 0, 2, 9, 31, 64, 1, 0, 0, 0, 65,
    2, 16, 0, 32, 0, 65, 3, 16, 0, 16, 2, 26, 11, 0, 11, 65, 2, 16, 3, 16, 5, 65, 10, 108, 33, 0,
    16, 1, 32, 0, 106, 11, 8, 0, 65, 8, 16, 0, 16, 4, 11, 0, 224, 1, 4, 110, 97, 109, 101, 1, 61, 9,
    0, 3, 110, 101, 119, 1, 2, 105, 100, 2, 4, 98, 97, 99, 107, 3, 5, 99, 104, 117, 114, 110, 4, 6,
    116, 104, 114, 111, 119, 115, 5, 6, 110, 117, 109, 98, 101, 114, 6, 6, 117, 110, 112, 97, 99,
    107, 7, 5, 99, 97, 116, 99, 104, 14, 5, 114, 105, 115, 101, 115, 2, 60, 10, 3, 1, 0, 1, 110, 4,
    1, 0, 1, 97, 5, 3, 0, 1, 97, 1, 1, 110, 2, 1, 98, 6, 1, 0, 1, 120, 7, 1, 0, 1, 118, 8, 1, 0, 1,
    120, 10, 1, 0, 1, 110, 11, 1, 0, 1, 105, 13, 2, 0, 1, 110, 1, 1, 120, 15, 1, 0, 1, 110, 3, 66,
    7, 3, 1, 0, 5, 97, 103, 97, 105, 110, 6, 1, 0, 1, 104, 7, 1, 0, 1, 104, 9, 1, 0, 1, 104, 10, 1,
    0, 5, 97, 103, 97, 105, 110, 13, 5, 0, 5, 97, 103, 97, 105, 110, 1, 1, 114, 3, 4, 100, 111, 110,
    101, 4, 4, 100, 111, 119, 110, 5, 1, 104, 15, 1, 0, 1, 104, 5, 7, 1, 0, 4, 107, 101, 112, 116,
    7, 4, 1, 0, 1, 103, 11, 9, 2, 0, 1, 101, 1, 3, 98, 105, 103,
};
// (module
//   (import "env" "new" (func $new (param i32) (result externref)))
//   (import "env" "id" (func $id (param externref) (result i32)))
//   (import "env" "back" (func $back (param externref i32 externref) (result externref)))
//   (tag $e (param externref i32))
//   (func $churn (param $n i32)
//     (loop $again
//       (drop (call $new (i32.const -1)))
//       (br_if $again (i32.gt_s (local.tee $n (i32.sub (local.get $n) (i32.const 1))) (i32.const 0)))))
//   (func (export "legacy") (param $n i32) (result i32)
//     (try (result i32)
//       (do
//         (try (result i32)
//           (do (call $churn (i32.const 1)) (throw $e (call $new (i32.const 4)) (local.get $n)))
//           (catch $e
//             (drop) (drop)
//             (call $churn (i32.const 3))
//             (try
//               (do (throw $e (call $new (i32.const 5)) (i32.const 1)))
//               (catch_all (call $churn (i32.const 3)) (br_if 0 (local.get $n)) (rethrow 1)))
//             (call $churn (i32.const 3))
//             (rethrow 0))))
//       (catch $e
//         (call $churn (i32.const 2))
//         (i32.mul (i32.const 10))
//         (local.set $n)
//         (i32.add (call $id) (local.get $n)))))
// )
inline const Bytes kReferencesLegacy = {
    0, 97, 115, 109, 1, 0, 0, 0, 1, 32, 6, 96, 1, 127, 1, 111, 96, 1, 111, 1, 127, 96, 3, 111, 127,
    111, 1, 111, 96, 2, 111, 127, 0, 96, 1, 127, 0, 96, 1, 127, 1, 127, 2, 31, 3, 3, 101, 110, 118,
    3, 110, 101, 119, 0, 0, 3, 101, 110, 118, 2, 105, 100, 0, 1, 3, 101, 110, 118, 4, 98, 97, 99,
    107, 0, 2, 3, 3, 2, 4, 5, 13, 3, 1, 0, 3, 7, 10, 1, 6, 108, 101, 103, 97, 99, 121, 0, 4, 10, 97,
    2, 22, 0, 3, 64, 65, 127, 16, 0, 26, 32, 0, 65, 1, 107, 34, 0, 65, 0, 74, 13, 0, 11, 11, 72, 0,
    6, 127, 6, 127, 65, 1, 16, 3, 65, 4, 16, 0, 32, 0, 8, 0, 7, 0, 26, 26, 65, 3, 16, 3, 6, 64, 65,
    5, 16, 0, 65, 1, 8, 0, 25, 65, 3, 16, 3, 32, 0, 13, 0, 9, 1, 11, 65, 3, 16, 3, 9, 0, 11, 7, 0,
    65, 2, 16, 3, 65, 10, 108, 33, 0, 16, 1, 32, 0, 106, 11, 11,
};
// (module
//   (import "env" "new" (func $new (param i32) (result externref)))
//   (import "env" "id" (func $id (param externref) (result i32)))
//   (import "env" "back" (func $back (param externref i32 externref) (result externref)))
//   (memory 1)
//   (type $none (func))
//   (table $t 2 funcref)
//   (elem (i32.const 1) $new)
//   (tag $e (param externref))
//   (func $forever (param externref) (call $forever (call $new (i32.const 1))) (drop (call $id (local.get 0))))
//   (func $trap (param $kind i32) (param $r externref)
//     (block $10 (block $9 (block $8 (block $7 (block $6 (block $5 (block $4 (block $3 (block $2 (block $1 (block $0
//       (br_table $0 $1 $2 $3 $4 $5 $6 $7 $8 $9 $10 (local.get $kind)))
//       (unreachable))
//       (drop (i32.load (i32.const -4))))
//       (drop (i32.div_s (local.get $kind) (i32.const 0))))
//       (drop (i32.div_s (i32.const 0x80000000) (i32.const -1))))
//       (drop (i32.trunc_f64_s (f64.const nan))))
//       (call $forever (local.get $r)))
//       (drop (table.get $t (i32.const 9))))
//       (call_indirect (type $none) (i32.const 9)))
//       (call_indirect (type $none) (i32.const 0)))
//       (call_indirect (type $none) (i32.const 1)))
//     (if (i32.eq (local.get $kind) (i32.const 10)) (then (throw_ref (ref.null exn))))
//     (if (i32.eq (local.get $kind) (i32.const 11)) (then (call_ref $none (ref.null $none))))
//     (drop (call $id (ref.null extern))))
//   (func $jump (param $r externref) (param $kind i32)
//     (try_table (catch_all 0) (drop (call $new (i32.const 4))))
//     (return_call $trap (local.get $kind) (call $new (i32.const 5))))
//   (func $handled (export "try") (param $kind i32) (local $r externref)
//     (local.set $r (call $new (i32.const 1)))
//     (block $h (result exnref)
//       (try_table (catch_all_ref $h) (call $trap (local.get $kind) (local.get $r)))
//       (return))
//     (drop))
//   (func (export "tail") (param $kind i32)
//     (block $h
//       (try_table (catch_all $h) (call $jump (call $new (i32.const 1)) (local.get $kind)))))
//   (func (export "callback") (param $kind i32)
//     (block $h
//       (try_table (catch_all $h)
//         (drop (call $back (call $new (i32.const 2)) (local.get $kind) (call $new (i32.const 3)))))))
//   (func (export "inner") (param $r externref) (param $kind i32) (result externref)
//     (call $handled (local.get $kind))
//     (local.get $r))
//   (func (export "works") (result i32)
//     (block $h (result externref)
//       (try_table (catch $e $h) (throw $e (call $new (i32.const 42))))
//       (unreachable))
//     (call $id))
// )
// Kinds: see ref_heap_test.cpp.
inline const Bytes kTrapsWithReferences = {
    0, 97, 115, 109, 1, 0, 0, 0, 1, 49, 10, 96, 0, 0, 96, 1, 127, 1, 111, 96, 1, 111, 1, 127, 96, 3,
    111, 127, 111, 1, 111, 96, 1, 111, 0, 96, 2, 127, 111, 0, 96, 2, 111, 127, 0, 96, 1, 127, 0, 96,
    2, 111, 127, 1, 111, 96, 0, 1, 127, 2, 31, 3, 3, 101, 110, 118, 3, 110, 101, 119, 0, 1, 3, 101,
    110, 118, 2, 105, 100, 0, 2, 3, 101, 110, 118, 4, 98, 97, 99, 107, 0, 3, 3, 9, 8, 4, 5, 6, 7, 7,
    7, 8, 9, 4, 4, 1, 112, 0, 2, 5, 3, 1, 0, 1, 13, 3, 1, 0, 4, 7, 41, 5, 3, 116, 114, 121, 0, 6, 4,
    116, 97, 105, 108, 0, 7, 8, 99, 97, 108, 108, 98, 97, 99, 107, 0, 8, 5, 105, 110, 110, 101, 114,
    0, 9, 5, 119, 111, 114, 107, 115, 0, 10, 9, 7, 1, 0, 65, 1, 11, 1, 0, 10, 151, 2, 8, 13, 0, 65,
    1, 16, 0, 16, 3, 32, 0, 16, 1, 26, 11, 136, 1, 0, 2, 64, 2, 64, 2, 64, 2, 64, 2, 64, 2, 64, 2,
    64, 2, 64, 2, 64, 2, 64, 2, 64, 32, 0, 14, 10, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 0, 11, 65,
    124, 40, 2, 0, 26, 11, 32, 0, 65, 0, 109, 26, 11, 65, 128, 128, 128, 128, 120, 65, 127, 109, 26,
    11, 68, 0, 0, 0, 0, 0, 0, 248, 127, 170, 26, 11, 32, 1, 16, 3, 11, 65, 9, 37, 0, 26, 11, 65, 9,
    17, 0, 0, 11, 65, 0, 17, 0, 0, 11, 65, 1, 17, 0, 0, 11, 32, 0, 65, 10, 70, 4, 64, 208, 105, 10,
    11, 32, 0, 65, 11, 70, 4, 64, 208, 0, 20, 0, 11, 208, 111, 16, 1, 26, 11, 21, 0, 31, 64, 1, 2,
    0, 65, 4, 16, 0, 26, 11, 32, 1, 65, 5, 16, 0, 18, 4, 11, 27, 1, 1, 111, 65, 1, 16, 0, 33, 1, 2,
    105, 31, 64, 1, 3, 0, 32, 0, 32, 1, 16, 4, 11, 15, 11, 26, 11, 19, 0, 2, 64, 31, 64, 1, 2, 0,
    65, 1, 16, 0, 32, 0, 16, 5, 11, 11, 11, 24, 0, 2, 64, 31, 64, 1, 2, 0, 65, 2, 16, 0, 32, 0, 65,
    3, 16, 0, 16, 2, 26, 11, 11, 11, 8, 0, 32, 1, 16, 6, 32, 0, 11, 21, 0, 2, 111, 31, 64, 1, 0, 0,
    0, 65, 42, 16, 0, 8, 0, 11, 0, 11, 16, 1, 11, 0, 196, 1, 4, 110, 97, 109, 101, 1, 46, 7, 0, 3,
    110, 101, 119, 1, 2, 105, 100, 2, 4, 98, 97, 99, 107, 3, 7, 102, 111, 114, 101, 118, 101, 114,
    4, 4, 116, 114, 97, 112, 5, 4, 106, 117, 109, 112, 6, 7, 104, 97, 110, 100, 108, 101, 100, 2,
    61, 6, 4, 2, 0, 4, 107, 105, 110, 100, 1, 1, 114, 5, 2, 0, 1, 114, 1, 4, 107, 105, 110, 100, 6,
    2, 0, 4, 107, 105, 110, 100, 1, 1, 114, 7, 1, 0, 4, 107, 105, 110, 100, 8, 1, 0, 4, 107, 105,
    110, 100, 9, 2, 0, 1, 114, 1, 4, 107, 105, 110, 100, 3, 57, 5, 4, 11, 0, 2, 49, 48, 1, 1, 57, 2,
    1, 56, 3, 1, 55, 4, 1, 54, 5, 1, 53, 6, 1, 52, 7, 1, 51, 8, 1, 50, 9, 1, 49, 10, 1, 48, 6, 1, 0,
    1, 104, 7, 1, 0, 1, 104, 8, 1, 0, 1, 104, 10, 1, 0, 1, 104, 4, 7, 1, 0, 4, 110, 111, 110, 101,
    5, 4, 1, 0, 1, 116, 11, 4, 1, 0, 1, 101,
};
// clang-format on

}  // namespace sluice_test

;;! stage = "baseline"
;; A function that is not short: locals are in their homes only, and instructions read them there.
(module
  (import "m" "f" (func $f (param i32 i64) (result i32)))
  (memory 1)
  (func (param $a i32) (param $b i64) (param $x f64) (result i32) (local $y f64)
    nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop 
    nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop 
    nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop 
    nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop 
    nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop 
    nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop 
    ;; Constants, registers, other locals and operands from the frame are stored.
    (local.set $b (i64.const -1))
    (local.set $y (f64.mul (local.get $x) (local.get $x)))
    (local.set $x (local.get $y))
    (drop (local.tee $a (i32.add (local.get $a) (i32.const 1))))
    (local.set $b (i64.const 0x123456789a))
    ;; An alias keeps the value that the local had.
    (i32.sub (local.get $a) (local.tee $a (i32.const 7)))
    (block (result i32) (i32.const 3))
    (local.set $a (call $f (local.get $a) (local.get $b)))
    (i32.store (local.get $a) (local.get $a))
    (i32.store offset=8 (local.get $a) (i32.trunc_sat_f64_s (local.get $y)))
    (i32.and (i64.eqz (local.get $b)))
    (i32.xor)))
;;= func[1]:
;;=   (prologue)
;;=   mov [rbp-0x10], eax
;;=   mov [rbp-0x18], rcx
;;=   movsd [rbp-0x20], xmm0
;;=   mov qword ptr [rbp-0x28], 0x00
;;=   mov qword ptr [rbp-0x18], 0xFFFFFFFFFFFFFFFF
;;=   movaps xmm1, xmm0
;;=   mulsd xmm1, xmm0
;;=   movsd [rbp-0x28], xmm1
;;=   movsd xmm15, qword ptr [rbp-0x28]
;;=   movsd [rbp-0x20], xmm15
;;=   mov eax, [rbp-0x10]
;;=   add eax, 0x01
;;=   mov [rbp-0x10], eax
;;=   mov r11, 0x123456789A
;;=   mov [rbp-0x18], r11
;;=   mov eax, [rbp-0x10]
;;=   mov dword ptr [rbp-0x10], 0x07
;;=   add eax, 0xFFFFFFF9
;;=   mov [rbp-0x30], eax
;;=   mov rcx, [rbp-0x18]
;;=   mov eax, [rbp-0x10]
;;=   mov r11, [instance.func_imports[0]]
;;=   mov r14, [instance.func_imports[0]+8]
;;=   mov rbx, [instance.memory0_base]
;;=   call r11
;;=   mov r14, [rbp-0x08]
;;=   mov rbx, [instance.memory0_base]
;;=   mov [rbp-0x10], eax
;;=   mov eax, [rbp-0x10]
;;=   mov ecx, [rbp-0x10]
;;=   mov [rbx+rcx*1], eax
;;=   movsd xmm0, qword ptr [rbp-0x28]
;;=   cvttsd2si eax, xmm0
;;=   cmp eax, 0x01
;;=   jo L3
;;= L1:
;;=   mov ecx, [rbp-0x10]
;;=   mov [rbx+rcx*1+0x08], eax
;;=   cmp qword ptr [rbp-0x18], 0x00
;;=   mov eax, 0x00
;;=   setz al
;;=   and eax, 0x03
;;=   xor eax, [rbp-0x30]
;;=   (epilogue) ret
;;= L3:
;;=   xorps xmm15, xmm15
;;=   ucomisd xmm0, xmm15
;;=   jp L5
;;=   jb L4
;;=   mov eax, 0x7FFFFFFF
;;= L4:
;;=   jmp L1
;;= L5:
;;=   xor eax, eax
;;=   jmp L1

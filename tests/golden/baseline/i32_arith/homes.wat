;;! stage = "baseline"
;; Integers that are in their homes only are operands there.
(module
  (func (param $a i32) (param $b i64) (result i32)
    nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop
    nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop
    nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop
    nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop
    nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop
    nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop
    ;; The operand in a register is the result where the order does not matter.
    (local.set $a (i32.add (local.get $a) (i32.clz (local.get $a))))
    (local.set $a (i32.sub (local.get $a) (i32.clz (local.get $a))))
    (local.set $b (i64.xor (local.get $b) (i64.clz (local.get $b))))
    (local.set $a (i32.mul (local.get $a) (i32.clz (local.get $a))))
    (local.set $b (i64.mul (local.get $b) (i64.const 1000)))
    (local.set $a (i32.mul (i32.const 7) (local.get $a)))
    (local.set $a (i32.mul (local.get $a) (i32.const 8)))
    ;; Parts of a home, and homes as larger numbers.
    (local.set $a (i32.wrap_i64 (local.get $b)))
    (local.set $b (i64.extend_i32_s (local.get $a)))
    (local.set $b (i64.extend_i32_u (local.get $a)))
    (local.set $a (i32.extend8_s (local.get $a)))
    (local.set $b (i64.extend16_s (local.get $b)))
    ;; Compared as they lie.
    (local.set $a (i32.lt_s (local.get $a) (i32.clz (local.get $a))))
    (i64.gt_u (local.get $b) (i64.clz (local.get $b)))))
;;= func[0]:
;;=   (prologue)
;;=   mov [rbp-0x10], eax
;;=   mov [rbp-0x18], rcx
;;=   mov eax, [rbp-0x10]
;;=   mov r11d, 0x3F
;;=   bsr eax, eax
;;=   cmovz eax, r11d
;;=   xor eax, 0x1F
;;=   add eax, [rbp-0x10]
;;=   mov [rbp-0x10], eax
;;=   mov eax, [rbp-0x10]
;;=   mov r11d, 0x3F
;;=   bsr eax, eax
;;=   cmovz eax, r11d
;;=   xor eax, 0x1F
;;=   mov ecx, [rbp-0x10]
;;=   sub ecx, eax
;;=   mov [rbp-0x10], ecx
;;=   mov rax, [rbp-0x18]
;;=   mov r11d, 0x7F
;;=   bsr rax, rax
;;=   cmovz rax, r11
;;=   xor rax, 0x3F
;;=   xor rax, [rbp-0x18]
;;=   mov [rbp-0x18], rax
;;=   mov eax, [rbp-0x10]
;;=   mov r11d, 0x3F
;;=   bsr eax, eax
;;=   cmovz eax, r11d
;;=   xor eax, 0x1F
;;=   imul eax, [rbp-0x10]
;;=   mov [rbp-0x10], eax
;;=   imul rax, [rbp-0x18], 0x3E8
;;=   mov [rbp-0x18], rax
;;=   imul eax, [rbp-0x10], 0x07
;;=   mov [rbp-0x10], eax
;;=   mov eax, [rbp-0x10]
;;=   shl eax, 0x03
;;=   mov [rbp-0x10], eax
;;=   mov eax, [rbp-0x18]
;;=   mov [rbp-0x10], eax
;;=   movsxd rax, dword ptr [rbp-0x10]
;;=   mov [rbp-0x18], rax
;;=   mov eax, [rbp-0x10]
;;=   mov [rbp-0x18], rax
;;=   movsx eax, byte ptr [rbp-0x10]
;;=   mov [rbp-0x10], eax
;;=   movsx rax, word ptr [rbp-0x18]
;;=   mov [rbp-0x18], rax
;;=   mov eax, [rbp-0x10]
;;=   mov r11d, 0x3F
;;=   bsr eax, eax
;;=   cmovz eax, r11d
;;=   xor eax, 0x1F
;;=   cmp [rbp-0x10], eax
;;=   mov eax, 0x00
;;=   setl al
;;=   mov [rbp-0x10], eax
;;=   mov rax, [rbp-0x18]
;;=   mov r11d, 0x7F
;;=   bsr rax, rax
;;=   cmovz rax, r11
;;=   xor rax, 0x3F
;;=   cmp [rbp-0x18], rax
;;=   mov eax, 0x00
;;=   setnbe al
;;=   (epilogue) ret

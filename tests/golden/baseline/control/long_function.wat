;;! stage = "baseline"
;; Outside of short loops, joins of a function that is not short have all locals in their homes; a
;; short loop in it has its own in registers.
(module
  (func (param $a i32) (param $b i32) (result i32) (local $c i32)
    nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop
    nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop
    nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop
    nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop
    nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop
    nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop
    (if (local.get $a) (then (local.set $b (i32.const 1))) (else (local.set $c (i32.const 2))))
    (block $out
      (br_if $out (i32.lt_u (local.get $b) (local.get $c)))
      (local.set $a (i32.add (local.get $b) (local.get $c))))
    (loop $l
      (local.set $c (i32.add (local.get $c) (local.get $a)))
      (br_if $l (local.tee $a (i32.sub (local.get $a) (local.get $b)))))
    (local.get $c)))
;;= func[0]:
;;=   (prologue)
;;=   mov [rbp-0x10], eax
;;=   mov [rbp-0x18], ecx
;;=   mov qword ptr [rbp-0x20], 0x00
;;=   cmp dword ptr [rbp-0x10], 0x00
;;=   jz L1
;;=   mov dword ptr [rbp-0x18], 0x01
;;=   jmp L2
;;= L1:
;;=   mov dword ptr [rbp-0x20], 0x02
;;= L2:
;;=   mov eax, [rbp-0x18]
;;=   cmp eax, [rbp-0x20]
;;=   jb L3
;;=   mov eax, [rbp-0x18]
;;=   add eax, [rbp-0x20]
;;=   mov [rbp-0x10], eax
;;= L3:
;;=   mov eax, [rbp-0x20]
;;=   mov ecx, [rbp-0x10]
;;=   mov edx, [rbp-0x18]
;;=   (padding)
;;= L4:
;;=   add eax, ecx
;;=   sub ecx, edx
;;=   jnz L4
;;=   mov [rbp-0x20], eax
;;=   mov [rbp-0x10], ecx
;;=   mov eax, [rbp-0x20]
;;=   (epilogue) ret

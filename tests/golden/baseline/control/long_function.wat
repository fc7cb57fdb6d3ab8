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
;;=   mov qword ptr [rbp-0x20], 0x00
;;=   test eax, eax
;;=   mov [rbp-0x10], eax
;;=   mov [rbp-0x18], ecx
;;=   jz L1
;;=   mov ecx, 0x01
;;=   mov [rbp-0x18], ecx
;;=   jmp L2
;;= L1:
;;=   mov eax, 0x02
;;=   mov [rbp-0x20], eax
;;= L2:
;;=   mov eax, [rbp-0x20]
;;=   mov ecx, [rbp-0x18]
;;=   cmp ecx, eax
;;=   jb L3
;;=   lea edx, [rcx+rax*1]
;;=   mov [rbp-0x10], edx
;;= L3:
;;=   mov eax, [rbp-0x10]
;;=   mov ecx, [rbp-0x20]
;;=   mov edx, [rbp-0x18]
;;=   (padding)
;;= L4:
;;=   add ecx, eax
;;=   sub eax, edx
;;=   jnz L4
;;=   mov eax, ecx
;;=   (epilogue) ret

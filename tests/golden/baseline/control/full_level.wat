;;! stage = "baseline", level = "full"
;; Registers keep locals from one end of a long function to the other, through joins and loops.
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
;;=   jz L1
;;=   mov ecx, 0x01
;;=   jmp L2
;;= L1:
;;=   mov edx, 0x02
;;=   mov [rbp-0x20], edx
;;= L2:
;;=   mov edx, [rbp-0x20]
;;=   cmp ecx, edx
;;=   jb L3
;;=   lea eax, [rcx+rdx*1]
;;= L3:
;;=   mov [rbp-0x18], ecx
;;=   mov r11, rax
;;=   mov eax, edx
;;=   mov edx, ecx
;;=   mov ecx, r11d
;;=   (padding)
;;= L4:
;;=   add eax, ecx
;;=   sub ecx, edx
;;=   jnz L4
;;=   (epilogue) ret

;;! stage = "baseline"
;; Two results of a short loop come from one local's register. Behind the loop no register keeps a
;; local, and each operand has a register of its own: the local.set must not give away the other's.
(module
  (memory 1)
  (func (param $a i32) (param $b i32) (result i32)
    nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop
    nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop
    nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop
    nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop
    nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop
    nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop nop
    (loop $l (result i32 i32)
      (br_if $l (local.tee $a (i32.sub (local.get $a) (local.get $b))))
      (local.get $a)
      (local.get $a))
    (local.set $b)
    (i32.load (local.get $b))
    (i32.add)))
;;= func[0]:
;;=   (prologue)
;;=   mov [rbp-0x10], eax
;;=   mov [rbp-0x18], ecx
;;=   mov eax, [rbp-0x10]
;;=   mov ecx, [rbp-0x18]
;;=   (padding)
;;= L1:
;;=   sub eax, ecx
;;=   jnz L1
;;=   mov [rbp-0x10], eax
;;=   mov rcx, rax
;;=   mov [rbp-0x18], eax
;;=   mov eax, [rbp-0x18]
;;=   mov eax, [rbx+rax*1]
;;=   add ecx, eax
;;=   mov eax, ecx
;;=   (epilogue) ret

;;! stage = "baseline"
(module
  (func $fib (param i32) (result i32)
    (if (result i32) (i32.lt_s (local.get 0) (i32.const 2))
      (then (local.get 0))
      (else
        (i32.add (call $fib (i32.sub (local.get 0) (i32.const 1)))
                 (call $fib (i32.sub (local.get 0) (i32.const 2))))))))
;;= func[0]:
;;=   (prologue)
;;=   cmp eax, 0x02
;;=   jnl L1
;;=   mov ecx, eax
;;=   jmp L2
;;= L1:
;;=   lea ecx, [rax-0x01]
;;=   mov [rbp-0x10], eax
;;=   mov eax, ecx
;;=   call func[0]
;;=   mov ecx, [rbp-0x10]
;;=   lea edx, [rcx-0x02]
;;=   mov [rbp-0x18], eax
;;=   mov eax, edx
;;=   call func[0]
;;=   add eax, [rbp-0x18]
;;=   mov ecx, eax
;;=   mov eax, [rbp-0x10]
;;= L2:
;;=   mov eax, ecx
;;=   (epilogue) ret

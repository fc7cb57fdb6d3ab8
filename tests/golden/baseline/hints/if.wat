;;! stage = "baseline"
;; The unlikely arm stands behind the function. It loads again what a call has taken from registers,
;; so that the likely way keeps it there.
(module
  (func $f (param i32) (result i32) (local.get 0))
  (func (param i32 i32) (result i32)
    (@metadata.code.branch_hint "\00")
    (if (i32.lt_s (local.get 0) (i32.const 0))
      (then (local.set 0 (call $f (local.get 0)))))
    (i32.add (local.get 0) (local.get 1)))
  (func (param i32 i32) (result i32)
    (@metadata.code.branch_hint "\01")
    (if (result i32) (local.get 0)
      (then (i32.mul (local.get 1) (i32.const 3)))
      (else (call $f (local.get 1)))))
  (func (param i32 i32) (result i32)
    (@metadata.code.branch_hint "\00")
    (if (result i32) (local.get 0)
      (then (unreachable))
      (else (i32.mul (local.get 1) (i32.const 3))))))
;;= func[0]:
;;=   (prologue)
;;=   (epilogue) ret
;;= func[1]:
;;=   (prologue)
;;=   test eax, eax
;;=   jl L2
;;= L1:
;;=   lea edx, [rax+rcx*1]
;;=   mov eax, edx
;;=   (epilogue) ret
;;= L2:
;;=   mov [rbp-0x10], eax
;;=   mov [rbp-0x18], ecx
;;=   call func[0]
;;=   mov ecx, [rbp-0x18]
;;=   jmp L1
;;= func[2]:
;;=   (prologue)
;;=   test eax, eax
;;=   jz L2
;;=   lea edx, [rcx+rcx*2]
;;= L1:
;;=   mov eax, edx
;;=   (epilogue) ret
;;= L2:
;;=   mov [rbp-0x10], eax
;;=   mov [rbp-0x18], ecx
;;=   mov eax, ecx
;;=   call func[0]
;;=   mov edx, eax
;;=   mov eax, [rbp-0x10]
;;=   mov ecx, [rbp-0x18]
;;=   jmp L1
;;= func[3]:
;;=   (prologue)
;;=   test eax, eax
;;=   jnz L1
;;=   lea edx, [rcx+rcx*2]
;;=   mov eax, edx
;;=   (epilogue) ret
;;= L1:
;;=   jmp L3
;;= L3:
;;=   trap Unreachable

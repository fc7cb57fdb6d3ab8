;;! stage = "baseline"
(module
  (func (param i32 i32) (result i32)
    (if (result i32) (local.get 0) (then (local.get 1)) (else (i32.const 3))))
  (func (param i32) (result i64)
    (block (result i64)
      (drop (br_if 0 (i64.const 1) (local.get 0)))
      (i64.const 2))))
;;= func[0]:
;;=   (prologue)
;;=   test eax, eax
;;=   jz L1
;;=   mov edx, ecx
;;=   jmp L2
;;= L1:
;;=   mov edx, 0x03
;;= L2:
;;=   mov eax, edx
;;=   (epilogue) ret
;;= func[1]:
;;=   (prologue)
;;=   test eax, eax
;;=   jz L1
;;=   mov ecx, 0x01
;;=   jmp L2
;;= L1:
;;=   mov ecx, 0x02
;;= L2:
;;=   mov rax, rcx
;;=   (epilogue) ret

;;! stage = "baseline"
(module
  (func (param i64 i64) (result i64) (i64.add (local.get 0) (local.get 1)))
  (func (param i64 i64) (result i64) (i64.sub (local.get 0) (local.get 1)))
  (func (param i64 i64) (result i64) (i64.mul (local.get 0) (local.get 1)))
  (func (param i64 i64) (result i64) (i64.xor (local.get 0) (local.get 1)))
  (func (param i64 i64) (result i64) (i64.div_u (local.get 0) (local.get 1)))
  (func (param i64 i64) (result i64) (i64.rem_s (local.get 0) (local.get 1))))
;;= func[0]:
;;=   (prologue)
;;=   lea rdx, [rax+rcx*1]
;;=   mov rax, rdx
;;=   (epilogue) ret
;;= func[1]:
;;=   (prologue)
;;=   mov rdx, rax
;;=   sub rdx, rcx
;;=   mov rax, rdx
;;=   (epilogue) ret
;;= func[2]:
;;=   (prologue)
;;=   mov rdx, rax
;;=   imul rdx, rcx
;;=   mov rax, rdx
;;=   (epilogue) ret
;;= func[3]:
;;=   (prologue)
;;=   mov rdx, rax
;;=   xor rdx, rcx
;;=   mov rax, rdx
;;=   (epilogue) ret
;;= func[4]:
;;=   (prologue)
;;=   mov rdx, rax
;;=   mov rsi, rdx
;;=   test rcx, rcx
;;=   jz L2
;;=   xor edx, edx
;;=   div rcx
;;=   (epilogue) ret
;;= L2:
;;=   trap IntegerDivideByZero
;;= func[5]:
;;=   (prologue)
;;=   mov rdx, rax
;;=   mov rsi, rdx
;;=   test rcx, rcx
;;=   jz L4
;;=   cmp rcx, 0xFFFFFFFFFFFFFFFF
;;=   jnz L1
;;=   xor edx, edx
;;=   jmp L2
;;= L1:
;;=   cqo
;;=   idiv rcx
;;= L2:
;;=   mov rax, rdx
;;=   (epilogue) ret
;;= L4:
;;=   trap IntegerDivideByZero

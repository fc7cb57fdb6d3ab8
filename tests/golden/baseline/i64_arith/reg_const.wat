;;! stage = "baseline"
;; A constant that is no sign-extended immediate takes a register.
(module
  (func (param i64) (result i64) (i64.add (local.get 0) (i64.const -5)))
  (func (param i64) (result i64) (i64.and (local.get 0) (i64.const 0xffffffff)))
  (func (param i64) (result i64) (i64.or (i64.const 0x123456789abcdef0) (local.get 0)))
  (func (param i64) (result i64) (i64.mul (local.get 0) (i64.const 0x100000000)))
  (func (param i64) (result i64) (i64.shl (local.get 0) (i64.const 40)))
  (func (param i64) (result i64) (i64.rem_u (local.get 0) (i64.const 8))))
;;= func[0]:
;;=   (prologue)
;;=   lea rcx, [rax-0x05]
;;=   mov rax, rcx
;;=   (epilogue) ret
;;= func[1]:
;;=   (prologue)
;;=   mov ecx, 0xFFFFFFFF
;;=   and rcx, rax
;;=   mov rax, rcx
;;=   (epilogue) ret
;;= func[2]:
;;=   (prologue)
;;=   mov rcx, 0x123456789ABCDEF0
;;=   or rcx, rax
;;=   mov rax, rcx
;;=   (epilogue) ret
;;= func[3]:
;;=   (prologue)
;;=   mov rcx, rax
;;=   shl rcx, 0x20
;;=   mov rax, rcx
;;=   (epilogue) ret
;;= func[4]:
;;=   (prologue)
;;=   mov rcx, rax
;;=   shl rcx, 0x28
;;=   mov rax, rcx
;;=   (epilogue) ret
;;= func[5]:
;;=   (prologue)
;;=   mov ecx, eax
;;=   and ecx, 0x07
;;=   mov rax, rcx
;;=   (epilogue) ret

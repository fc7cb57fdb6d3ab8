;;! stage = "baseline"
;; Both traps are tested; a known divisor needs no test, a power of two no division.
(module
  (func (param i32 i32) (result i32) (i32.div_s (local.get 0) (local.get 1)))
  (func (param i32 i32) (result i32) (i32.rem_s (local.get 0) (local.get 1)))
  (func (param i32 i32) (result i32) (i32.div_u (local.get 0) (local.get 1)))
  (func (param i32 i32) (result i32) (i32.rem_u (local.get 0) (local.get 1)))
  (func (param i32) (result i32) (i32.div_s (local.get 0) (i32.const 7)))
  (func (param i32) (result i32) (i32.div_s (local.get 0) (i32.const -1)))
  (func (param i32) (result i32) (i32.div_s (local.get 0) (i32.const 4)))
  (func (param i32) (result i32) (i32.rem_s (local.get 0) (i32.const 4)))
  (func (param i32) (result i32) (i32.div_u (local.get 0) (i32.const 16)))
  (func (param i32) (result i32) (i32.rem_u (local.get 0) (i32.const 16)))
  (func (param i32) (result i32) (i32.div_u (local.get 0) (i32.const 0))))
;;= func[0]:
;;=   (prologue)
;;=   mov rdx, rax
;;=   mov rsi, rdx
;;=   test ecx, ecx
;;=   jz L4
;;=   cmp ecx, 0xFFFFFFFF
;;=   jnz L1
;;=   neg eax
;;=   jo L5
;;=   jmp L2
;;= L1:
;;=   cdq
;;=   idiv ecx
;;= L2:
;;=   (epilogue) ret
;;= L4:
;;=   ud2 IntegerDivideByZero
;;= L5:
;;=   ud2 IntegerOverflow
;;= func[1]:
;;=   (prologue)
;;=   mov rdx, rax
;;=   mov rsi, rdx
;;=   test ecx, ecx
;;=   jz L4
;;=   cmp ecx, 0xFFFFFFFF
;;=   jnz L1
;;=   xor edx, edx
;;=   jmp L2
;;= L1:
;;=   cdq
;;=   idiv ecx
;;= L2:
;;=   mov eax, edx
;;=   (epilogue) ret
;;= L4:
;;=   ud2 IntegerDivideByZero
;;= func[2]:
;;=   (prologue)
;;=   mov rdx, rax
;;=   mov rsi, rdx
;;=   test ecx, ecx
;;=   jz L2
;;=   xor edx, edx
;;=   div ecx
;;=   (epilogue) ret
;;= L2:
;;=   ud2 IntegerDivideByZero
;;= func[3]:
;;=   (prologue)
;;=   mov rdx, rax
;;=   mov rsi, rdx
;;=   test ecx, ecx
;;=   jz L2
;;=   xor edx, edx
;;=   div ecx
;;=   mov eax, edx
;;=   (epilogue) ret
;;= L2:
;;=   ud2 IntegerDivideByZero
;;= func[4]:
;;=   (prologue)
;;=   mov ecx, 0x07
;;=   mov rdx, rax
;;=   mov rsi, rdx
;;=   cdq
;;=   idiv ecx
;;=   (epilogue) ret
;;= func[5]:
;;=   (prologue)
;;=   mov ecx, 0xFFFFFFFF
;;=   mov rdx, rax
;;=   mov rsi, rdx
;;=   neg eax
;;=   jo L2
;;=   (epilogue) ret
;;= L2:
;;=   ud2 IntegerOverflow
;;= func[6]:
;;=   (prologue)
;;=   mov ecx, eax
;;=   sar ecx, 0x01
;;=   shr ecx, 0x1E
;;=   add ecx, eax
;;=   sar ecx, 0x02
;;=   mov eax, ecx
;;=   (epilogue) ret
;;= func[7]:
;;=   (prologue)
;;=   mov ecx, eax
;;=   sar ecx, 0x01
;;=   shr ecx, 0x1E
;;=   add ecx, eax
;;=   sar ecx, 0x02
;;=   shl ecx, 0x02
;;=   neg ecx
;;=   add ecx, eax
;;=   mov eax, ecx
;;=   (epilogue) ret
;;= func[8]:
;;=   (prologue)
;;=   mov ecx, eax
;;=   shr ecx, 0x04
;;=   mov eax, ecx
;;=   (epilogue) ret
;;= func[9]:
;;=   (prologue)
;;=   mov ecx, eax
;;=   and ecx, 0x0F
;;=   mov eax, ecx
;;=   (epilogue) ret
;;= func[10]:
;;=   (prologue)
;;=   mov ecx, 0x00
;;=   mov rdx, rax
;;=   mov rsi, rdx
;;=   test ecx, ecx
;;=   jz L2
;;=   xor edx, edx
;;=   div ecx
;;=   (epilogue) ret
;;= L2:
;;=   ud2 IntegerDivideByZero

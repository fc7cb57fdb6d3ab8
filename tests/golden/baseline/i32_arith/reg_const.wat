;;! stage = "baseline"
;; A constant becomes an immediate, or a cheaper instruction, on whichever side it stands.
(module
  (func (param i32) (result i32) (i32.add (local.get 0) (i32.const 5)))
  (func (param i32) (result i32) (i32.add (i32.const 100000) (local.get 0)))
  (func (param i32) (result i32) (i32.sub (local.get 0) (i32.const 1)))
  (func (param i32) (result i32) (i32.sub (i32.const 10) (local.get 0)))
  (func (param i32) (result i32) (i32.and (local.get 0) (i32.const 0xff)))
  (func (param i32) (result i32) (i32.xor (local.get 0) (i32.const -1)))
  (func (param i32) (result i32) (i32.or (local.get 0) (i32.const 0)))
  (func (param i32) (result i32) (i32.mul (local.get 0) (i32.const 8)))
  (func (param i32) (result i32) (i32.mul (local.get 0) (i32.const 5)))
  (func (param i32) (result i32) (i32.mul (local.get 0) (i32.const 1000)))
  (func (result i32) (i32.mul (i32.add (i32.const 3) (i32.const 4)) (i32.const 6))))
;;= func[0]:
;;=   (prologue)
;;=   lea ecx, [rax+0x05]
;;=   mov eax, ecx
;;=   (epilogue) ret
;;= func[1]:
;;=   (prologue)
;;=   lea ecx, [rax+0x186A0]
;;=   mov eax, ecx
;;=   (epilogue) ret
;;= func[2]:
;;=   (prologue)
;;=   lea ecx, [rax-0x01]
;;=   mov eax, ecx
;;=   (epilogue) ret
;;= func[3]:
;;=   (prologue)
;;=   mov ecx, 0x0A
;;=   sub ecx, eax
;;=   mov eax, ecx
;;=   (epilogue) ret
;;= func[4]:
;;=   (prologue)
;;=   movzx ecx, al
;;=   mov eax, ecx
;;=   (epilogue) ret
;;= func[5]:
;;=   (prologue)
;;=   mov ecx, eax
;;=   not ecx
;;=   mov eax, ecx
;;=   (epilogue) ret
;;= func[6]:
;;=   (prologue)
;;=   (epilogue) ret
;;= func[7]:
;;=   (prologue)
;;=   mov ecx, eax
;;=   shl ecx, 0x03
;;=   mov eax, ecx
;;=   (epilogue) ret
;;= func[8]:
;;=   (prologue)
;;=   lea ecx, [rax+rax*4]
;;=   mov eax, ecx
;;=   (epilogue) ret
;;= func[9]:
;;=   (prologue)
;;=   imul ecx, eax, 0x3E8
;;=   mov eax, ecx
;;=   (epilogue) ret
;;= func[10]:
;;=   (prologue)
;;=   mov eax, 0x2A
;;=   (epilogue) ret

;;! stage = "baseline"
;; Two operands in registers: add is a lea where neither may be overwritten.
(module
  (func (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
  (func (param i32 i32) (result i32) (i32.sub (local.get 0) (local.get 1)))
  (func (param i32 i32) (result i32) (i32.mul (local.get 0) (local.get 1)))
  (func (param i32 i32) (result i32) (i32.and (local.get 0) (local.get 1)))
  (func (param i32 i32) (result i32) (i32.or (local.get 0) (local.get 1)))
  (func (param i32 i32) (result i32) (i32.xor (local.get 0) (local.get 1)))
  (func (param i32 i32 i32) (result i32)
    (i32.sub (local.get 2) (i32.add (local.get 0) (local.get 1)))))
;;= func[0]:
;;=   (prologue)
;;=   lea edx, [rax+rcx*1]
;;=   mov eax, edx
;;=   (epilogue) ret
;;= func[1]:
;;=   (prologue)
;;=   mov edx, eax
;;=   sub edx, ecx
;;=   mov eax, edx
;;=   (epilogue) ret
;;= func[2]:
;;=   (prologue)
;;=   mov edx, eax
;;=   imul edx, ecx
;;=   mov eax, edx
;;=   (epilogue) ret
;;= func[3]:
;;=   (prologue)
;;=   mov edx, eax
;;=   and edx, ecx
;;=   mov eax, edx
;;=   (epilogue) ret
;;= func[4]:
;;=   (prologue)
;;=   mov edx, eax
;;=   or edx, ecx
;;=   mov eax, edx
;;=   (epilogue) ret
;;= func[5]:
;;=   (prologue)
;;=   mov edx, eax
;;=   xor edx, ecx
;;=   mov eax, edx
;;=   (epilogue) ret
;;= func[6]:
;;=   (prologue)
;;=   lea esi, [rax+rcx*1]
;;=   neg esi
;;=   add esi, edx
;;=   mov eax, esi
;;=   (epilogue) ret

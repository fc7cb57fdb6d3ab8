;;! stage = "baseline"
;; Without BMI2 a variable count is in cl.
(module
  (func (param i32 i32) (result i32) (i32.shl (local.get 0) (local.get 1)))
  (func (param i32 i32) (result i32) (i32.rotr (local.get 0) (local.get 1)))
  (func (param i32) (result i32) (i32.shl (local.get 0) (i32.const 1)))
  (func (param i32) (result i32) (i32.shr_s (local.get 0) (i32.const 7)))
  (func (param i32) (result i32) (i32.shr_u (local.get 0) (i32.const 32)))
  (func (param i32) (result i32) (i32.rotl (local.get 0) (i32.const 3))))
;;= func[0]:
;;=   (prologue)
;;=   mov rdx, rcx
;;=   mov esi, eax
;;=   shl esi, cl
;;=   mov eax, esi
;;=   (epilogue) ret
;;= func[1]:
;;=   (prologue)
;;=   mov rdx, rcx
;;=   mov esi, eax
;;=   ror esi, cl
;;=   mov eax, esi
;;=   (epilogue) ret
;;= func[2]:
;;=   (prologue)
;;=   lea ecx, [rax+rax*1]
;;=   mov eax, ecx
;;=   (epilogue) ret
;;= func[3]:
;;=   (prologue)
;;=   mov ecx, eax
;;=   sar ecx, 0x07
;;=   mov eax, ecx
;;=   (epilogue) ret
;;= func[4]:
;;=   (prologue)
;;=   (epilogue) ret
;;= func[5]:
;;=   (prologue)
;;=   mov ecx, eax
;;=   rol ecx, 0x03
;;=   mov eax, ecx
;;=   (epilogue) ret

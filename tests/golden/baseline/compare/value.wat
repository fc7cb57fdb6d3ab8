;;! stage = "baseline"
;; As a value, a comparison is set and extended.
(module
  (func (param i32 i32) (result i32) (i32.lt_u (local.get 0) (local.get 1)))
  (func (param i64) (result i32) (i64.eqz (local.get 0)))
  (func (param f64 f64) (result i32) (f64.eq (local.get 0) (local.get 1)))
  (func (param i32) (result i32) (i32.ge_s (local.get 0) (i32.const 1000)))
  (func (result i32) (i32.lt_s (i32.const -1) (i32.const 1))))
;;= func[0]:
;;=   (prologue)
;;=   cmp eax, ecx
;;=   mov edx, 0x00
;;=   setb dl
;;=   mov eax, edx
;;=   (epilogue) ret
;;= func[1]:
;;=   (prologue)
;;=   test rax, rax
;;=   mov ecx, 0x00
;;=   setz cl
;;=   mov eax, ecx
;;=   (epilogue) ret
;;= func[2]:
;;=   (prologue)
;;=   ucomisd xmm0, xmm1
;;=   mov eax, 0x00
;;=   setnp r11b
;;=   setz al
;;=   and eax, r11d
;;=   (epilogue) ret
;;= func[3]:
;;=   (prologue)
;;=   cmp eax, 0x3E8
;;=   mov ecx, 0x00
;;=   setnl cl
;;=   mov eax, ecx
;;=   (epilogue) ret
;;= func[4]:
;;=   (prologue)
;;=   mov eax, 0x01
;;=   (epilogue) ret

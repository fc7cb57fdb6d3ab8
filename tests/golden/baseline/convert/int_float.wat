;;! stage = "baseline"  cpu = "avx"
(module
  (func (param i32) (result f64) (f64.convert_i32_s (local.get 0)))
  (func (param i32) (result f32) (f32.convert_i32_u (local.get 0)))
  (func (param i64) (result f64) (f64.convert_i64_u (local.get 0)))
  (func (param f32) (result f64) (f64.promote_f32 (local.get 0)))
  (func (param f64) (result i64) (i64.reinterpret_f64 (local.get 0)))
  (func (param i64) (result i32) (i32.wrap_i64 (local.get 0)))
  (func (param i32) (result i64) (i64.extend_i32_s (local.get 0)))
  (func (param i32) (result i64) (i64.extend_i32_u (local.get 0))))
;;= func[0]:
;;=   (prologue)
;;=   vxorps xmm0, xmm0, xmm0
;;=   vcvtsi2sd xmm0, xmm0, eax
;;=   (epilogue) ret
;;= func[1]:
;;=   (prologue)
;;=   vxorps xmm0, xmm0, xmm0
;;=   vcvtsi2ss xmm0, xmm0, rax
;;=   (epilogue) ret
;;= func[2]:
;;=   (prologue)
;;=   test rax, rax
;;=   js L3
;;=   vxorps xmm0, xmm0, xmm0
;;=   vcvtsi2sd xmm0, xmm0, rax
;;= L1:
;;=   (epilogue) ret
;;= L3:
;;=   mov r11, rax
;;=   shr r11, 0x01
;;=   jnb L4
;;=   or r11, 0x01
;;= L4:
;;=   vxorps xmm0, xmm0, xmm0
;;=   vcvtsi2sd xmm0, xmm0, r11
;;=   vaddsd xmm0, xmm0, xmm0
;;=   jmp L1
;;= func[3]:
;;=   (prologue)
;;=   vcvtss2sd xmm1, xmm0, xmm0
;;=   vmovaps xmm0, xmm1
;;=   (epilogue) ret
;;= func[4]:
;;=   (prologue)
;;=   vmovq rax, xmm0
;;=   (epilogue) ret
;;= func[5]:
;;=   (prologue)
;;=   mov ecx, eax
;;=   mov eax, ecx
;;=   (epilogue) ret
;;= func[6]:
;;=   (prologue)
;;=   movsxd rcx, eax
;;=   mov rax, rcx
;;=   (epilogue) ret
;;= func[7]:
;;=   (prologue)
;;=   (epilogue) ret

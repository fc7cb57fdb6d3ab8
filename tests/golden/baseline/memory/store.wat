;;! stage = "baseline"
(module
  (memory 1)
  (func (param i32 i32) (i32.store offset=4 (local.get 0) (local.get 1)))
  (func (param i32 i32) (i32.store8 (local.get 0) (local.get 1)))
  (func (param i32) (i32.store16 (local.get 0) (i32.const 300)))
  (func (param i32) (i64.store (local.get 0) (i64.const -1)))
  (func (param i32) (i64.store (local.get 0) (i64.const 0x123456789)))
  (func (param i32 f32) (f32.store (local.get 0) (local.get 1)))
  (func (param i32) (f64.store (local.get 0) (f64.const 0))))
;;= func[0]:
;;=   (prologue)
;;=   mov [rbx+rax*1+0x04], ecx
;;=   (epilogue) ret
;;= func[1]:
;;=   (prologue)
;;=   mov [rbx+rax*1], cl
;;=   (epilogue) ret
;;= func[2]:
;;=   (prologue)
;;=   mov word ptr [rbx+rax*1], 0x12C
;;=   (epilogue) ret
;;= func[3]:
;;=   (prologue)
;;=   mov qword ptr [rbx+rax*1], 0xFFFFFFFFFFFFFFFF
;;=   (epilogue) ret
;;= func[4]:
;;=   (prologue)
;;=   mov rcx, 0x123456789
;;=   mov [rbx+rax*1], rcx
;;=   (epilogue) ret
;;= func[5]:
;;=   (prologue)
;;=   movss [rbx+rax*1], xmm0
;;=   (epilogue) ret
;;= func[6]:
;;=   (prologue)
;;=   mov qword ptr [rbx+rax*1], 0x00
;;=   (epilogue) ret

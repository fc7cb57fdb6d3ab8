;;! stage = "baseline"
;; Few bytes, known now: everything is loaded before the first store, and the end is stored first.
(module
  (memory 1)
  (func (param i32 i32) (memory.copy (local.get 0) (local.get 1) (i32.const 24)))
  (func (param i32 i32) (memory.copy (i32.const 100) (local.get 1) (i32.const 7)))
  (func (param i32) (memory.fill (local.get 0) (i32.const 0) (i32.const 40)))
  (func (param i32) (memory.fill (local.get 0) (i32.const 0x41) (i32.const 3))))
;;= func[0]:
;;=   (prologue)
;;=   movups xmm0, [rbx+rcx*1]
;;=   movups xmm1, [rbx+rcx*1+0x08]
;;=   movups [rbx+rax*1+0x08], xmm1
;;=   movups [rbx+rax*1], xmm0
;;=   (epilogue) ret
;;= func[1]:
;;=   (prologue)
;;=   movss xmm0, dword ptr [rbx+rcx*1]
;;=   movss xmm1, dword ptr [rbx+rcx*1+0x03]
;;=   movss [rbx+0x67], xmm1
;;=   movss [rbx+0x64], xmm0
;;=   (epilogue) ret
;;= func[2]:
;;=   (prologue)
;;=   xorps xmm15, xmm15
;;=   movups [rbx+rax*1+0x18], xmm15
;;=   movups [rbx+rax*1+0x10], xmm15
;;=   movups [rbx+rax*1], xmm15
;;=   (epilogue) ret
;;= func[3]:
;;=   (prologue)
;;=   mov r11, 0x4141414141414141
;;=   mov [rbx+rax*1+0x01], r11w
;;=   mov [rbx+rax*1], r11w
;;=   (epilogue) ret

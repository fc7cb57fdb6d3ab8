;;! stage = "baseline"  frame = "full"
;; A small frame compares rsp alone with the stack limit; a large one what it will be.
(module
  (func)
  (func $big (param i32) (result i32) (local i64 i64 i64) (local.set 1 (i64.const 3)) (local.get 0)))
;;= func[0]:
;;=   push rbp
;;=   mov rbp, rsp
;;=   mov r11, [instance.context]
;;=   cmp rsp, [r11]
;;=   jb L1
;;=   sub rsp, 0x10
;;=   mov [rbp-0x08], r14
;;=   add rsp, 0x10
;;=   pop rbp
;;=   ret
;;= L1:
;;=   trap StackExhausted
;;= func[1]:
;;=   push rbp
;;=   mov rbp, rsp
;;=   mov r11, [instance.context]
;;=   cmp rsp, [r11]
;;=   jb L1
;;=   sub rsp, 0x30
;;=   mov [rbp-0x08], r14
;;=   mov qword ptr [rbp-0x28], 0x00
;;=   xorps xmm15, xmm15
;;=   movups [rbp-0x20], xmm15
;;=   mov ecx, 0x03
;;=   add rsp, 0x30
;;=   pop rbp
;;=   ret
;;= L1:
;;=   trap StackExhausted

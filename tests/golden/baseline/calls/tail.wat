;;! stage = "baseline"
;; The frame is given up before the jump; arguments on the stack take the place of ours, the last
;; ends where ours ended. A callee of another instance is called if our caller would not get its
;; own instance back.
(module
  (type $two (func (param i32 i32) (result i32)))
  (import "m" "f" (func $import (type $two)))
  (table 4 funcref)
  (func $two (type $two) (return_call $import (local.get 1) (local.get 0)))
  (func $eight (param i32 i32 i32 i32 i32 i32 i32 i32) (result i32)
    (return_call $two (local.get 6) (local.get 7)))
  (func (param i32 i32 i32 i32 i32 i32 i32) (result i32)
    (return_call $eight (local.get 0) (local.get 1) (local.get 2) (local.get 3) (local.get 4)
                        (local.get 5) (local.get 6) (local.get 0)))
  (func (param i32) (result i32)
    (return_call_indirect (type $two) (local.get 0) (local.get 0) (local.get 0))))
;;= func[1]:
;;=   (prologue)
;;=   mov r11, rax
;;=   mov eax, ecx
;;=   mov ecx, r11d
;;=   mov r10, [instance.func_imports[0]]
;;=   mov r9, [instance.func_imports[0]+8]
;;=   cmp r9, r14
;;=   jnz L2
;;= L1:
;;=   (epilogue) jmp r10
;;= L2:
;;=   mov r11, [rbp+0x08]
;;=   mov r11d, [r11]
;;=   cmp r11d, 0xF8758B4C
;;=   mov r14, r9
;;=   mov rbx, [instance.memory0_base]
;;=   jnz L3
;;=   cmp qword ptr [instance.0x50], 0x00
;;=   jnz L3
;;=   jmp L1
;;= L3:
;;=   call r10
;;=   mov r14, [rbp-0x08]
;;=   (epilogue) ret
;;= func[2]:
;;=   (prologue)
;;=   mov ecx, [rbp+0x18]
;;=   mov eax, [rbp+0x10]
;;=   lea r13, [rbp+0x18]
;;=   mov r12, [rbp+0x08]
;;=   mov rbp, [rbp]
;;=   mov [r13], r12
;;=   mov rsp, r13
;;=   jmp func[1]
;;= func[3]:
;;=   (prologue)
;;=   movss xmm15, dword ptr [rbp+0x10]
;;=   movsd [rsp], xmm15
;;=   mov [rsp+0x08], rax
;;=   lea r13, [rbp]
;;=   mov r12, [rbp+0x08]
;;=   mov rbp, [rbp]
;;=   mov r11, [rsp+0x08]
;;=   mov [r13+0x10], r11
;;=   mov r11, [rsp]
;;=   mov [r13+0x08], r11
;;=   mov [r13], r12
;;=   mov rsp, r13
;;=   jmp func[2]
;;= func[4]:
;;=   (prologue)
;;=   mov r10d, eax
;;=   mov ecx, eax
;;=   mov r11, [instance.tables[0]]
;;=   cmp r10, [r11+0x08]
;;=   jnb L6
;;=   shl r10, 0x04
;;=   add r10, [r11]
;;=   mov r11d, [r10]
;;=   cmp r11d, 0x01
;;=   jnz L2
;;=   mov r9, [r10+0x08]
;;=   mov r10d, [r10+0x04]
;;=   add r10, [r9+0x30]
;;=   cmp r9, r14
;;=   jnz L3
;;= L1:
;;=   (epilogue) jmp r10
;;= L2:
;;=   test r11d, r11d
;;=   jz L7
;;=   jmp L8
;;= L3:
;;=   mov r11, [rbp+0x08]
;;=   mov r11d, [r11]
;;=   cmp r11d, 0xF8758B4C
;;=   mov r14, r9
;;=   mov rbx, [instance.memory0_base]
;;=   jnz L4
;;=   cmp qword ptr [instance.0x50], 0x00
;;=   jnz L4
;;=   jmp L1
;;= L4:
;;=   call r10
;;=   mov r14, [rbp-0x08]
;;=   (epilogue) ret
;;= L6:
;;=   trap UndefinedElement
;;= L7:
;;=   trap UninitializedElement
;;= L8:
;;=   trap IndirectCallType

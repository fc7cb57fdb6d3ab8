;;! stage = "baseline"
;; More parameters and results than registers: the callee pops the parameters.
(module
  (func $many (param i32 i32 i32 i32 i32 i32 i32 i32) (result i32 i32 i32 i32 i32 i32 i32)
    (local.get 7) (local.get 6) (local.get 5) (local.get 4) (local.get 3) (local.get 2) (local.get 1))
  (func (result i32)
    (call $many (i32.const 0) (i32.const 1) (i32.const 2) (i32.const 3) (i32.const 4) (i32.const 5)
                (i32.const 6) (i32.const 7))
    drop drop drop drop drop drop))
;;= func[0]:
;;=   (prologue)
;;=   mov eax, [rbp+0x18]
;;=   mov [rbp+0x20], rcx
;;=   mov ecx, [rbp+0x10]
;;=   mov r11, rdx
;;=   mov edx, r8d
;;=   mov r8d, r11d
;;=   mov r11, rsi
;;=   mov esi, edi
;;=   mov edi, r11d
;;=   (epilogue) ret 0x10
;;= func[1]:
;;=   (prologue)
;;=   mov qword ptr [rsp], 0x06
;;=   mov qword ptr [rsp+0x08], 0x07
;;=   mov eax, 0x00
;;=   mov ecx, 0x01
;;=   mov edx, 0x02
;;=   mov esi, 0x03
;;=   mov edi, 0x04
;;=   mov r8d, 0x05
;;=   call func[0]
;;=   sub rsp, 0x10
;;=   mov r11, [rsp+0x10]
;;=   mov [rbp-0x40], r11
;;=   (epilogue) ret

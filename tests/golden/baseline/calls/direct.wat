;;! stage = "baseline"
;; Everything is caller-saved: what is needed after the call goes to the frame.
(module
  (import "m" "f" (func $import (param i32) (result i32)))
  (func $callee (param i32 i32) (result i32) (local.get 0))
  (func (param i32) (result i32) (call $callee (local.get 0) (i32.const 7)))
  (func (param i32) (result i32)
    (i32.add (local.get 0) (call $callee (local.get 0) (local.get 0))))
  (func (param i32) (result i32) (call $import (local.get 0))))
;;= func[1]:
;;=   (prologue)
;;=   (epilogue) ret
;;= func[2]:
;;=   (prologue)
;;=   mov [rbp-0x10], eax
;;=   mov ecx, 0x07
;;=   call func[1]
;;=   (epilogue) ret
;;= func[3]:
;;=   (prologue)
;;=   mov [rbp-0x10], eax
;;=   mov [rbp-0x18], eax
;;=   mov ecx, eax
;;=   call func[1]
;;=   add eax, [rbp-0x18]
;;=   (epilogue) ret
;;= func[4]:
;;=   (prologue)
;;=   mov [rbp-0x10], eax
;;=   mov r11, [instance.func_imports[0]]
;;=   mov r14, [instance.func_imports[0]+8]
;;=   mov rbx, [instance.memory0_base]
;;=   call r11
;;=   mov r14, [rbp-0x08]
;;=   (epilogue) ret

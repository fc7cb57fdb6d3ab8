;;! stage = "baseline"
(module
  (import "m" "g" (global $imported (mut i64)))
  (global $own (mut i32) (i32.const 1))
  (global $f (mut f64) (f64.const 1))
  (func (result i32) (global.get $own))
  (func (param i32) (global.set $own (i32.add (global.get $own) (local.get 0))))
  (func (result i64) (global.get $imported))
  (func (param f64) (global.set $f (local.get 0))))
;;= func[0]:
;;=   (prologue)
;;=   mov eax, [instance.globals[0]]
;;=   (epilogue) ret
;;= func[1]:
;;=   (prologue)
;;=   mov ecx, [instance.globals[0]]
;;=   add ecx, eax
;;=   mov [instance.globals[0]], rcx
;;=   (epilogue) ret
;;= func[2]:
;;=   (prologue)
;;=   mov rax, [instance.global_imports[0]]
;;=   mov rcx, [rax]
;;=   mov rax, rcx
;;=   (epilogue) ret
;;= func[3]:
;;=   (prologue)
;;=   movsd [instance.globals[1]], xmm0
;;=   (epilogue) ret

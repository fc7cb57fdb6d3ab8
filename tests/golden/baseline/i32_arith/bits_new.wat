;;! stage = "baseline"  cpu = "lzcnt bmi1 popcnt"
(module
  (func (param i32) (result i32) (i32.clz (local.get 0)))
  (func (param i64) (result i64) (i64.ctz (local.get 0)))
  (func (param i64) (result i64) (i64.popcnt (local.get 0))))
;;= func[0]:
;;=   (prologue)
;;=   lzcnt ecx, eax
;;=   mov eax, ecx
;;=   (epilogue) ret
;;= func[1]:
;;=   (prologue)
;;=   tzcnt rcx, rax
;;=   mov rax, rcx
;;=   (epilogue) ret
;;= func[2]:
;;=   (prologue)
;;=   popcnt rcx, rax
;;=   mov rax, rcx
;;=   (epilogue) ret

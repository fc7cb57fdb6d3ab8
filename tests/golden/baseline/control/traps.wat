;;! stage = "baseline"
(module
  (func (unreachable))
  (func (param i32) (result i32) (if (local.get 0) (then (unreachable))) (local.get 0)))
;;= func[0]:
;;=   (prologue)
;;=   jmp L2
;;= L2:
;;=   trap Unreachable
;;= func[1]:
;;=   (prologue)
;;=   test eax, eax
;;=   jz L1
;;=   jmp L3
;;= L1:
;;=   (epilogue) ret
;;= L3:
;;=   trap Unreachable

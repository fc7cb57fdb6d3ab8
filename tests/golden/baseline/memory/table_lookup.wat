;;! stage = "baseline"
;; A bounded index plus a constant becomes part of the load; an unbounded one may wrap, and does not.
(module
  (memory 1)
  (func (param i32) (result i32)
    (i32.load (i32.add (i32.shl (i32.and (local.get 0) (i32.const 255)) (i32.const 2))
                       (i32.const 1024))))
  (func (param i32) (result i32)
    (i32.load8_u offset=7 (i32.add (i32.load8_u (local.get 0)) (i32.const 4096))))
  (func (param i32) (result i32)
    (i32.load (i32.add (i32.shr_u (local.get 0) (i32.const 1)) (i32.const 16))))
  (func (param i32) (result i32)
    (i32.load (i32.add (i32.shl (local.get 0) (i32.const 2)) (i32.const 1024))))
  (func (param i32) (result i32)
    (i32.load (i32.add (i32.shl (i32.and (local.get 0) (i32.const 0x3fffffff)) (i32.const 2))
                       (i32.const 1024))))
  (func (param i32) (result i32)
    (i32.load (i32.add (i32.and (local.get 0) (i32.const 255)) (i32.const -8))))
  (func (param i32 i32) (result i32)
    (i32.load (i32.add (local.get 1) (i32.shl (local.get 0) (i32.const 3)))))
  (func (param i32 i32) (result i64)
    (i64.load (i32.add (i32.shl (local.get 0) (i32.const 3)) (local.get 1)))))
;;= func[0]:
;;=   (prologue)
;;=   movzx ecx, al
;;=   shl ecx, 0x02
;;=   mov ecx, [rbx+rcx*1+0x400]
;;=   mov eax, ecx
;;=   (epilogue) ret
;;= func[1]:
;;=   (prologue)
;;=   movzx ecx, byte ptr [rbx+rax*1]
;;=   movzx ecx, byte ptr [rbx+rcx*1+0x1007]
;;=   mov eax, ecx
;;=   (epilogue) ret
;;= func[2]:
;;=   (prologue)
;;=   mov ecx, eax
;;=   shr ecx, 0x01
;;=   mov ecx, [rbx+rcx*1+0x10]
;;=   mov eax, ecx
;;=   (epilogue) ret
;;= func[3]:
;;=   (prologue)
;;=   mov ecx, eax
;;=   shl ecx, 0x02
;;=   add ecx, 0x400
;;=   mov ecx, [rbx+rcx*1]
;;=   mov eax, ecx
;;=   (epilogue) ret
;;= func[4]:
;;=   (prologue)
;;=   mov ecx, eax
;;=   and ecx, 0x3FFFFFFF
;;=   shl ecx, 0x02
;;=   add ecx, 0x400
;;=   mov ecx, [rbx+rcx*1]
;;=   mov eax, ecx
;;=   (epilogue) ret
;;= func[5]:
;;=   (prologue)
;;=   movzx ecx, al
;;=   add ecx, 0xFFFFFFF8
;;=   mov ecx, [rbx+rcx*1]
;;=   mov eax, ecx
;;=   (epilogue) ret
;;= func[6]:
;;=   (prologue)
;;=   lea edx, [rcx+rax*8]
;;=   mov edx, [rbx+rdx*1]
;;=   mov eax, edx
;;=   (epilogue) ret
;;= func[7]:
;;=   (prologue)
;;=   lea edx, [rcx+rax*8]
;;=   mov rdx, [rbx+rdx*1]
;;=   mov rax, rdx
;;=   (epilogue) ret

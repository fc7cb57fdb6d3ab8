;;! stage = "baseline"
(module
  (func (param $n i32) (result i32) (local $i i32) (local $j i32) (local $s i32)
    (loop $outer
      (local.set $j (i32.const 0))
      (loop $inner
        (local.set $s (i32.add (local.get $s) (i32.xor (local.get $i) (local.get $j))))
        (br_if $inner
          (i32.lt_u (local.tee $j (i32.add (local.get $j) (i32.const 1))) (local.get $n))))
      (br_if $outer
        (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $n))))
    (local.get $s)))
;;= func[0]:
;;=   (prologue)
;;=   mov qword ptr [rbp-0x28], 0x00
;;=   xorps xmm15, xmm15
;;=   movups [rbp-0x20], xmm15
;;=   mov [rbp-0x10], eax
;;= L1:
;;=   mov eax, 0x00
;;=   mov edx, eax
;;=   mov eax, [rbp-0x28]
;;=   mov ecx, [rbp-0x18]
;;=   mov esi, [rbp-0x10]
;;=   (padding)
;;= L2:
;;=   mov edi, ecx
;;=   xor edi, edx
;;=   add eax, edi
;;=   add edx, 0x01
;;=   cmp edx, esi
;;=   jb L2
;;=   add ecx, 0x01
;;=   cmp ecx, esi
;;=   mov [rbp-0x28], eax
;;=   mov [rbp-0x18], ecx
;;=   mov [rbp-0x20], edx
;;=   jb L1
;;=   (epilogue) ret

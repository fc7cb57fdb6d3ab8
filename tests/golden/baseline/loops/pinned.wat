;;! stage = "baseline"  cpu = "avx bmi2"
;; Locals stay in registers through the loop.
(module
  (memory 1)
  (func $sum (param $p i32) (param $n i32) (result i32) (local $s i32)
    (loop $top
      (local.set $s (i32.add (local.get $s) (i32.load (local.get $p))))
      (local.set $p (i32.add (local.get $p) (i32.const 4)))
      (br_if $top (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (local.get $s))
  (func $dot (param $a i32) (param $b i32) (param $n i32) (result f64) (local $s f64) (local $i i32)
    (block $done
      (loop $top
        (br_if $done (i32.ge_u (local.get $i) (local.get $n)))
        (local.set $s (f64.add (local.get $s)
          (f64.mul (f64.load (i32.add (local.get $a) (i32.shl (local.get $i) (i32.const 3))))
                   (f64.load (i32.add (local.get $b) (i32.shl (local.get $i) (i32.const 3)))))))
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br $top)))
    (local.get $s)))
;;= func[0]:
;;=   (prologue)
;;=   mov qword ptr [rbp-0x20], 0x00
;;=   mov edx, ecx
;;=   mov ecx, eax
;;=   mov eax, [rbp-0x20]
;;=   (padding)
;;= L1:
;;=   mov esi, [rbx+rcx*1]
;;=   add eax, esi
;;=   add ecx, 0x04
;;=   add edx, 0xFFFFFFFF
;;=   jnz L1
;;=   (epilogue) ret
;;= func[1]:
;;=   (prologue)
;;=   vxorps xmm15, xmm15, xmm15
;;=   vmovups [rbp-0x30], xmm15
;;=   mov [rbp-0x10], eax
;;=   mov [rbp-0x18], ecx
;;=   mov [rbp-0x20], edx
;;=   mov esi, ecx
;;=   mov ecx, edx
;;=   mov edx, eax
;;=   mov eax, [rbp-0x30]
;;=   vmovsd xmm0, qword ptr [rbp-0x28]
;;=   (padding)
;;= L1:
;;=   cmp eax, ecx
;;=   jnb L2
;;=   lea edi, [rdx+rax*8]
;;=   vmovsd xmm1, qword ptr [rbx+rdi*1]
;;=   lea edi, [rsi+rax*8]
;;=   vmovsd xmm2, qword ptr [rbx+rdi*1]
;;=   vmulsd xmm1, xmm1, xmm2
;;=   vaddsd xmm0, xmm0, xmm1
;;=   add eax, 0x01
;;=   jmp L1
;;= L2:
;;=   (epilogue) ret

// The sock_* functions against real connections on this host, and against everything that is no
// socket or the wrong one.
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>

#include "tests/unit/runtime/wasi/wasi_fixture.h"

namespace sluice::wasi {
namespace {

constexpr uint32_t kListener = 4;  // behind the directory

class SocketsTest : public WasiTest {
 protected:
  SocketsTest() {
    auto listening = context.listen("127.0.0.1:0");
    if (!listening) ADD_FAILURE() << listening.error().message();
  }
  /// A connection to the guest's socket.
  int connect_to_guest() {
    sockaddr_in address{};
    socklen_t size = sizeof address;
    auto* any = reinterpret_cast<sockaddr*>(&address);
    EXPECT_EQ(getsockname(context.fds().get(kListener, 0).value()->fd.get(), any, &size), 0);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    EXPECT_EQ(connect(fd, any, size), 0);
    return fd;
  }
  Errno accept(uint32_t flags = 0, uint32_t fd = kListener) {
    return error_of(sock_accept(context, mem, fd, flags, kResult));
  }
  Errno recv(uint32_t fd, uint32_t count, uint32_t flags = 0) {
    EXPECT_TRUE(mem.write(8, Iovec{kBuffer, count}));
    return error_of(sock_recv(context, mem, fd, 8, 1, flags, kResult, kResult + 4));
  }
  std::string received() { return std::string(*mem.text(kBuffer, result())); }
  Errno send(uint32_t fd, std::string_view text, uint32_t flags = 0) {
    put(kBuffer, text);
    EXPECT_TRUE(mem.write(8, Iovec{kBuffer, static_cast<uint32_t>(text.size())}));
    return error_of(sock_send(context, mem, fd, 8, 1, flags, kResult));
  }
  static std::string read_host(int fd) {
    char text[100];
    ssize_t n = ::read(fd, text, sizeof text);
    return n < 0 ? "error" : std::string(text, static_cast<size_t>(n));
  }
};

TEST_F(SocketsTest, TalkToTheWorld) {
  int host = connect_to_guest();
  ASSERT_EQ(accept(), Errno::Success);
  uint32_t guest = result();
  EXPECT_EQ(guest, 5u);
  EXPECT_EQ(fdstat(guest).filetype, Filetype::SocketStream);
  EXPECT_EQ(fdstat(guest).rights_base, kSocketRights);
  EXPECT_EQ(fdstat(kListener).rights_base, kListenerRights);
  ASSERT_EQ(::write(host, "question", 8), 8);
  EXPECT_EQ(recv(guest, 3, kRecvPeek), Errno::Success);
  EXPECT_EQ(received(), "que");
  EXPECT_EQ(recv(guest, 8, kRecvWaitall), Errno::Success);
  EXPECT_EQ(received(), "question");
  EXPECT_EQ(send(guest, "answer"), Errno::Success);
  EXPECT_EQ(result(), 6u);
  EXPECT_EQ(read_host(host), "answer");
  // A socket is a stream like others.
  EXPECT_EQ(write(guest, "written"), Errno::Success);
  EXPECT_EQ(read_host(host), "written");
  ASSERT_EQ(::write(host, "more", 4), 4);
  EXPECT_EQ(read(guest), "more");
  EXPECT_EQ(error_of(sock_shutdown(context, mem, guest, kShutdownWrite)), Errno::Success);
  EXPECT_EQ(read_host(host), "");
  EXPECT_EQ(send(guest, "late"), Errno::Pipe) << "and no signal";
  ASSERT_EQ(::write(host, "still", 5), 5);
  EXPECT_EQ(recv(guest, 100), Errno::Success);
  EXPECT_EQ(received(), "still");
  close(host);
  EXPECT_EQ(recv(guest, 100), Errno::Success);
  EXPECT_EQ(result(), 0u) << "the end";
  EXPECT_EQ(error_of(fd_close(context, mem, guest)), Errno::Success);
}

TEST_F(SocketsTest, WaitForConnections) {
  // The host's thread first sees the guest wait.
  int host = -1;
  std::thread late([&] {
    usleep(20'000);
    host = connect_to_guest();
  });
  EXPECT_EQ(accept(kFdflagNonblock), Errno::Success) << "a blocking listener waits";
  late.join();
  uint32_t guest = result();
  EXPECT_EQ(fdstat(guest).flags, kFdflagNonblock);
  EXPECT_EQ(recv(guest, 10), Errno::Again);
  EXPECT_EQ(read(guest), "error 6");
  // Until the buffers between the two are full.
  std::string block(60'000, 'x');
  Errno last = Errno::Success;
  for (int i = 0; i < 100'000 && last == Errno::Success; ++i) last = write(guest, block);
  EXPECT_EQ(last, Errno::Again);
  close(host);
  EXPECT_EQ(error_of(fd_fdstat_set_flags(context, mem, kListener, kFdflagNonblock)),
            Errno::Success);
  EXPECT_EQ(accept(), Errno::Again);
}

TEST_F(SocketsTest, ListenersCanBePolled) {
  Subscription s{};
  s.tag = kEventFdRead;
  s.id_or_fd = kListener;
  Subscription clock{};
  clock.userdata = 7;
  clock.id_or_fd = kClockMonotonic;
  EXPECT_TRUE(mem.write(kPath, s));
  EXPECT_TRUE(mem.write(kPath + 48, clock));
  EXPECT_EQ(error_of(poll_oneoff(context, mem, kPath, kBuffer, 2, kResult)), Errno::Success);
  EXPECT_EQ(result(), 1u);
  EXPECT_EQ(mem.read<Event>(kBuffer)->userdata, 7u) << "nobody is there";
  int host = connect_to_guest();
  EXPECT_EQ(error_of(poll_oneoff(context, mem, kPath, kBuffer, 1, kResult)), Errno::Success);
  EXPECT_EQ(mem.read<Event>(kBuffer)->error, Errno::Success);
  EXPECT_EQ(accept(), Errno::Success);
  close(host);
}

TEST_F(SocketsTest, SayWhyNot) {
  int host = connect_to_guest();
  ASSERT_EQ(accept(), Errno::Success);
  uint32_t guest = result();
  auto size = static_cast<uint32_t>(bytes_.size());
  EXPECT_EQ(accept(0, guest), Errno::NotCapable) << "a connection accepts nothing";
  EXPECT_EQ(accept(0, kDir), Errno::NotSock);
  EXPECT_EQ(accept(0, 99), Errno::Badf);
  EXPECT_EQ(accept(kFdflagAppend), Errno::Inval);
  EXPECT_EQ(error_of(sock_accept(context, mem, kListener, 0, size - 3)), Errno::Fault);
  EXPECT_EQ(recv(kListener, 1), Errno::NotConn);
  EXPECT_EQ(recv(kDir, 1), Errno::NotSock);
  EXPECT_EQ(recv(99, 1), Errno::Badf);
  EXPECT_EQ(recv(guest, 1, 4), Errno::Inval);
  EXPECT_EQ(error_of(sock_recv(context, mem, guest, size - 7, 1, 0, kResult, kResult)),
            Errno::Fault);
  EXPECT_EQ(error_of(sock_recv(context, mem, guest, 8, 1, 0, size - 3, kResult)), Errno::Fault);
  EXPECT_EQ(error_of(sock_recv(context, mem, guest, 8, 1, 0, kResult, size - 1)), Errno::Fault);
  EXPECT_EQ(send(kListener, "x"), Errno::Badf) << "no right to write";
  EXPECT_EQ(send(1, "x"), Errno::NotSock);
  EXPECT_EQ(send(guest, "x", 1), Errno::Inval);
  EXPECT_EQ(error_of(sock_send(context, mem, guest, 8, 1, 0, size - 3)), Errno::Fault);
  for (uint32_t how : {0u, 4u, ~0u}) {
    EXPECT_EQ(error_of(sock_shutdown(context, mem, guest, how)), Errno::Inval);
  }
  EXPECT_EQ(error_of(sock_shutdown(context, mem, kListener, kShutdownRead)), Errno::NotCapable);
  EXPECT_EQ(error_of(sock_shutdown(context, mem, 1, kShutdownRead)), Errno::NotSock);
  EXPECT_EQ(error_of(sock_shutdown(context, mem, 99, kShutdownRead)), Errno::Badf);
  EXPECT_EQ(error_of(fd_seek(context, mem, guest, 0, kWhenceSet, kResult)), Errno::Spipe);
  EXPECT_EQ(error_of(fd_prestat_get(context, mem, kListener, kResult)), Errno::Badf);
  close(host);
}

TEST_F(SocketsTest, AddressesAreChecked) {
  for (const char* bad : {"", "127.0.0.1", "127.0.0.1:", "127.0.0.1:http", "127.0.0.1:99999",
                          "no.such.host.invalid:80", "[::1:80", "192.0.2.1:80"}) {
    EXPECT_FALSE(context.listen(bad)) << bad;
  }
  EXPECT_FALSE(context.listen(std::string_view("127.0.0.1\0:0", 12)));
  EXPECT_TRUE(context.listen("localhost:0"));
}

}  // namespace
}  // namespace sluice::wasi

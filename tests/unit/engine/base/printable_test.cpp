// What is replaced, and that nothing beside it is.
#include <gtest/gtest.h>
#include <string_view>

#include "engine/base/printable.h"

namespace sluice {
namespace {

String shown(std::string_view text) {
  String out;
  append_printable(out, text);
  return out;
}

TEST(Printable, ControlCharacters) {
  EXPECT_EQ(shown(std::string_view("a\0\x1f\x7f z\n", 7)), "a??? z?");
  EXPECT_EQ(shown("\xc2\x80\xc2\x9b[m\xc2\xa0\xc2"), "??[m\xc2\xa0\xc2");
  EXPECT_EQ(shown("\xc2m"), "\xc2m");
}

// Text whose direction turns looks like other text.
TEST(Printable, Directions) {
  EXPECT_EQ(shown("\xe2\x80\xaa\xe2\x80\xae\xe2\x81\xa6\xe2\x81\xa9"), "????");
  for (const char* kept :
       {"\xe2\x80\xa9", "\xe2\x80\xaf", "\xe2\x81\xa5", "\xe2\x81\xaa", "\xe2\x80"}) {
    EXPECT_EQ(shown(kept), kept);
  }
}

}  // namespace
}  // namespace sluice

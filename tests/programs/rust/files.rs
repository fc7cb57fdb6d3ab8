// What Rust's standard library makes of WASI: files, directories, links, times, errors, the
// environment, time and exit statuses.
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, ErrorKind, Read, Seek, SeekFrom, Write};
use std::time::{Duration, Instant, SystemTime};

fn main() -> io::Result<()> {
    println!("{:?} {:?}", std::env::args().nth(1), std::env::var("VARIABLE"));
    std::env::set_current_dir("/sandbox").ok();
    let dir = "/sandbox/rust";
    fs::create_dir_all(format!("{dir}/a/b/c"))?;
    for i in 0..300 {
        fs::write(format!("{dir}/a/{i:03}"), i.to_string())?;
    }
    let mut names: Vec<String> = fs::read_dir(format!("{dir}/a"))?
        .map(|e| e.map(|e| format!("{}{}", e.file_name().to_string_lossy(), if e.file_type().unwrap().is_dir() { "/" } else { "" })))
        .collect::<io::Result<_>>()?;
    names.sort();
    println!("{} entries, {} .. {}", names.len(), names[0], names[names.len() - 1]);

    let path = format!("{dir}/file");
    let mut file = OpenOptions::new().read(true).write(true).create_new(true).open(&path)?;
    writeln!(file, "first")?;
    file.seek(SeekFrom::Start(1 << 33))?;
    file.write_all(b"last")?;
    file.sync_all()?;
    println!("{} bytes", file.metadata()?.len());
    file.set_len(6)?;
    file.seek(SeekFrom::Start(0))?;
    let mut text = String::new();
    file.read_to_string(&mut text)?;
    println!("{text:?}");
    OpenOptions::new().append(true).open(&path)?.write_all(b"second\n")?;
    println!("{:?}", fs::read_to_string(&path)?);
    println!("{:?}", OpenOptions::new().write(true).create_new(true).open(&path).unwrap_err().kind());
    println!("{:?}", File::open(&path)?.write(b"x").is_err());

    fs::rename(&path, format!("{dir}/a/moved"))?;
    fs::hard_link(format!("{dir}/a/moved"), format!("{dir}/hard"))?;
    fs::copy(format!("{dir}/hard"), format!("{dir}/copy"))?;
    println!("{}", fs::metadata(format!("{dir}/copy"))?.len());
    let age = SystemTime::now().duration_since(fs::metadata(format!("{dir}/copy"))?.modified()?);
    println!("{}", age.unwrap_or_default() < Duration::from_secs(60));

    for (what, error) in [
        ("missing", File::open(format!("{dir}/missing")).err()),
        ("a directory", fs::read_to_string(dir).err()),
        ("not empty", fs::remove_dir(dir).err()),
        ("not a directory", fs::read_dir(format!("{dir}/hard")).err()),
        ("outside", File::open("/sandbox/../../etc/passwd").err()),
        ("no such root", File::open("/etc/passwd").err()),
    ] {
        let kind = error.map(|e| e.kind());
        println!("{what}: {}", matches!(kind, Some(ErrorKind::NotFound)) as u8 + 2 * kind.is_some() as u8);
    }
    let start = Instant::now();
    std::thread::sleep(Duration::from_millis(20));
    println!("{}", start.elapsed() >= Duration::from_millis(20));
    let lines: Vec<String> = io::stdin().lock().lines().collect::<io::Result<_>>()?;
    println!("{lines:?}");
    fs::remove_dir_all(dir)?;
    println!("{}", fs::metadata(dir).is_err());
    std::process::exit(5)
}

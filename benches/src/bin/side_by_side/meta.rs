//! An Ads Manager export, read into the canonical table, beside the plain CSV reader on the same file.

use std::error::Error;
use std::fmt::Write as _;
use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::time::Instant;

use adsml::features::CsvReader;
use adsml::meta::MetaReader;
use serde_json::json;

/// Options of `meta`.
#[derive(Debug, clap::Args)]
pub(crate) struct MetaArgs {
    /// Rows of the export.
    #[arg(long, default_value_t = 1_000_000)]
    rows: usize,
    /// Threads to read with.
    #[arg(long, default_value = "2")]
    threads: NonZeroUsize,
    /// Readings on each side, in turn.
    #[arg(long, default_value_t = 7)]
    runs: usize,
    /// Write it as a spreadsheet in Spain does: semicolons, decimal commas, dates with the day first.
    #[arg(long)]
    spreadsheet: bool,
    /// JSON lines; the only form there is.
    #[arg(long)]
    json: bool,
}

/// Reads a file: its rows, and the sum of what was spent where that is known.
type Read<'a> = &'a dyn Fn(&Path) -> Result<(usize, f64), Box<dyn Error>>;

pub(crate) fn run(args: &MetaArgs) -> Result<(), Box<dyn Error>> {
    let file = Export::write(args.rows, args.spreadsheet)?;
    let bytes = std::fs::metadata(&file.path)?.len();
    let mut times = [Vec::new(), Vec::new()];
    for run in 0..args.runs {
        let sides: [(&str, Read<'_>); 2] = [
            ("plain", &|path| {
                let table = CsvReader::new().threads(args.threads).read_path(path)?;
                Ok((table.n_rows(), 0.0))
            }),
            ("meta", &|path| {
                let read = MetaReader::new().threads(args.threads).read_path(path)?;
                Ok((read.n_rows(), read.understanding().totals.spend.unwrap_or(f64::NAN)))
            }),
        ];
        for (side, (name, read)) in sides.iter().enumerate() {
            let started = Instant::now();
            let (rows, spend_sum) = read(&file.path)?;
            let wall_s = started.elapsed().as_secs_f64();
            times[side].push(wall_s);
            let line = json!({
                "bench": "meta", "side": name, "run": run, "threads": args.threads, "rows": rows, "bytes": bytes,
                "spreadsheet": args.spreadsheet, "wall_s": wall_s, "spend_sum": spend_sum,
            });
            println!("{line}");
        }
    }
    let [plain, meta] = times.map(|mut times| {
        times.sort_by(f64::total_cmp);
        times[times.len() / 2]
    });
    let line = json!({
        "bench": "meta", "side": "summary", "threads": args.threads, "plain_median_s": plain, "meta_median_s": meta,
        "speed_of_plain": plain / meta,
    });
    println!("{line}");
    Ok(())
}

/// A generated export, removed when it is dropped.
struct Export {
    path: PathBuf,
}

impl Export {
    fn write(rows: usize, spreadsheet: bool) -> std::io::Result<Self> {
        let path = std::env::temp_dir().join(format!("adsml-export-{}.csv", std::process::id()));
        let export = Self { path };
        let mut file = BufWriter::new(File::create(&export.path)?);
        if spreadsheet {
            writeln!(
                file,
                "Día;Nombre de la campaña;Identificador de la campaña;Nombre del conjunto de anuncios;Identificador del conjunto de anuncios;Nombre del anuncio;Identificador del anuncio;Edad;Sexo;Importe gastado (EUR);Impresiones;Alcance;Clics (todos);Clics en el enlace;CTR (tasa de clics en el enlace);Compras;Valor de conversión de compras;Configuración de atribución"
            )?;
        } else {
            writeln!(
                file,
                "Day,Campaign name,Campaign ID,Ad set name,Ad set ID,Ad name,Ad ID,Age,Gender,Amount spent (EUR),Impressions,Reach,Clicks (all),Link clicks,CTR (link click-through rate),Purchases,Purchases conversion value,Attribution setting"
            )?;
        }
        let mut state = 42_u64;
        let mut random = |below: u64| {
            // Splitmix64.
            state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
            let mut z = state;
            z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            (z ^ (z >> 31)) % below
        };
        const AGES: [&str; 6] = ["18-24", "25-34", "35-44", "45-54", "55-64", "65+"];
        let mut line = String::new();
        for row in 0..rows as u64 {
            let (age, gender) = (AGES[(row % 6) as usize], ["female", "male"][(row / 6 % 2) as usize]);
            let (ad, day) = (row / 12 % 1000, row / 12_000);
            let date = adsml::meta::jiff::civil::date(2024, 1, 1) + adsml::meta::jiff::Span::new().days(day as i64);
            let (ad_set, campaign) = (ad / 5, ad / 40);
            let impressions = 1 + random(20_000);
            let reach = impressions - random(impressions.div_ceil(3));
            let clicks = random(1 + impressions / 20);
            let links = clicks - random(clicks / 2 + 1);
            let cents = random(60_000);
            let purchases = random(4);
            line.clear();
            let d = if spreadsheet { ';' } else { ',' };
            let day = if spreadsheet {
                format!("{:02}/{:02}/{}", date.day(), date.month(), date.year())
            } else {
                date.to_string()
            };
            let cents_text = |cents: u64| match spreadsheet {
                true if cents >= 100_000 => format!("{}.{:03},{:02}", cents / 100_000, cents / 100 % 1000, cents % 100),
                true => format!("{},{:02}", cents / 100, cents % 100),
                false => format!("{}.{:02}", cents / 100, cents % 100),
            };
            let count = |count: u64| match spreadsheet && count >= 1000 {
                true => format!("{}.{:03}", count / 1000, count % 1000),
                false => count.to_string(),
            };
            let ctr = format!("{:.6}", links as f64 * 100.0 / impressions as f64);
            let ctr = if spreadsheet { ctr.replace('.', ",") } else { ctr };
            let (bought, value) = match purchases {
                0 => (String::new(), String::new()),
                n => (n.to_string(), cents_text(n * (500 + random(9000)))),
            };
            write!(
                line,
                "{day}{d}\"Campaign {campaign} | sales, spring\"{d}12021000000{campaign:07}{d}Ad set {ad_set}{d}12022000000{ad_set:07}{d}video_{ad}{d}12023000000{ad:07}{d}{age}{d}{gender}{d}{}{d}{}{d}{}{d}{}{d}{}{d}{ctr}{d}{bought}{d}{value}{d}7-day click or 1-day view",
                cents_text(cents), count(impressions), count(reach), count(clicks), count(links),
            )
            .expect("text can be written");
            writeln!(file, "{line}")?;
        }
        file.flush()?;
        Ok(export)
    }
}

impl Drop for Export {
    fn drop(&mut self) {
        _ = std::fs::remove_file(&self.path);
    }
}

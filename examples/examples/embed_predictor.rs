//! How does a server carry a model in its binary, and change it while it answers?
//!
//! ```text
//! cargo run --release --example embed_predictor
//! cargo run --release --example embed_predictor -- --write examples/data/click_rate.adsml
//! ```
//!
//! The model is compiled into the program, so that there is no file to lose: `include_bytes!`. One static handle is shared by all
//! threads. They ask for the click rates of ads while a model that knows more takes over; nobody waits, and every answer is of one
//! model or the other. The second command makes the file.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock};

use adsml::Shared;
use adsml::core::ModelFile;
use adsml::models::{GradientBoosting, Loss, Regressor};
use adsml_examples::{Outcome, say};
use clap::Parser;

/// How does a server carry a model in its binary, and change it while it answers?
#[derive(Debug, Parser)]
struct Args {
    /// Threads that ask.
    #[arg(long, default_value_t = 8)]
    threads: usize,
    /// Fits the model that is embedded and writes it here, instead.
    #[arg(long, value_name = "FILE")]
    write: Option<PathBuf>,
    /// Folder for the model that takes over, to be embedded in the next release.
    #[arg(long, value_name = "DIR", conflicts_with = "write")]
    out: Option<PathBuf>,
}

static EMBEDDED: &[u8] = include_bytes!("../data/click_rate.adsml");

/// The model in use: the embedded one, until somebody has a better one.
static MODEL: LazyLock<Shared<dyn Regressor>> =
    LazyLock::new(|| Shared::new(load(EMBEDDED).expect("the file that is compiled in is a model")));

fn load(bytes: &[u8]) -> Outcome<Arc<dyn Regressor>> {
    Ok(Arc::new(GradientBoosting::from_file(&ModelFile::from_bytes(bytes)?)?))
}

fn main() -> Outcome {
    let args = Args::parse();
    if let Some(path) = args.write {
        let bytes = fit(20)?.to_file()?.to_bytes();
        std::fs::write(&path, &bytes)?;
        return say(format_args!("{} has {} bytes", path.display(), bytes.len()));
    }
    let ad = [19.0, 0.8, 1.0];
    say(format_args!("an evening ad of relevance 0.8: {:.3} % clicks", 100.0 * MODEL.get().predict_row(&ad)?))?;
    let bytes = fit(200)?.to_file()?.to_bytes();
    if let Some(folder) = &args.out {
        std::fs::create_dir_all(folder)?;
        std::fs::write(folder.join("click_rate.adsml"), &bytes)?;
    }
    let better = load(&bytes)?;
    let expected = [MODEL.get().predict_row(&ad)?, better.predict_row(&ad)?];
    let (stop, answers) = (AtomicBool::new(false), [AtomicUsize::new(0), AtomicUsize::new(0)]);
    std::thread::scope(|scope| -> Outcome {
        for _ in 0..args.threads {
            scope.spawn(|| {
                // What a thread that serves does: the model of the moment, for each request.
                while !stop.load(Ordering::Relaxed) {
                    let answer = MODEL.get().predict_row(&ad).expect("an ad has three features");
                    let of =
                        expected.iter().position(|expected| *expected == answer).expect("an answer of either model");
                    answers[of].fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        let wait = || std::thread::sleep(std::time::Duration::from_millis(50));
        wait();
        MODEL.swap(better);
        wait();
        stop.store(true, Ordering::Relaxed);
        Ok(())
    })?;
    let [old, new] = answers.map(AtomicUsize::into_inner);
    say(format_args!(
        "{} threads got {old} answers of the embedded model and {new} of the one that took over",
        args.threads
    ))?;
    say(format_args!("the same ad now: {:.3} % clicks", 100.0 * MODEL.get().predict_row(&ad)?))
}

/// Click rates by hour of the day, relevance of the ad (0 to 1) and whether it is a video; each row stands for 1,000 impressions.
fn fit(n_trees: usize) -> Outcome<GradientBoosting> {
    let ads: Vec<[f64; 3]> = (0..2_000_u32)
        .map(|ad| [f64::from(ad % 24), f64::from(ad * 37 % 101) / 100.0, f64::from(ad * 13 % 3 / 2)])
        .collect();
    let rate = |ad: &[f64; 3]| {
        let evening = if ad[0] >= 18.0 { 1.6 } else { 1.0 };
        0.01 * evening * (0.5 + ad[1]) * (1.0 + 0.4 * ad[2])
    };
    let rates: Vec<f64> = ads.iter().map(rate).collect();
    let impressions = vec![1_000.0; ads.len()];
    let params =
        GradientBoosting::params().loss(Loss::Logistic).n_estimators(n_trees).max_leaves(8).learning_rate(0.15);
    Ok(params.fit_weighted(&ads, &rates, &impressions)?)
}

//! wip
fn main() {
    let args: Vec<String> = std::env::args().collect();
    let point = axbxp::sweep::DesignPoint::open(&args[1], args.get(3).map(|s| s.as_str())).unwrap_or_else(|e| { eprintln!("{e}"); std::process::exit(2) });
    let net = axbxp::workload::open(&args[2]).unwrap_or_else(|e| { eprintln!("{e}"); std::process::exit(2) });
    let job = axbxp::sweep::Job { point: &point, network: &net, layers: None };
    let t = std::time::Instant::now();
    let r = job.run(&mut axbxp::hw::Unobserved, &|_| ()).unwrap_or_else(|e| { eprintln!("{e}"); std::process::exit(2) });
    eprintln!("{:?} events {}", t.elapsed(), r.run.statistics.events);
    for (i, l) in r.run.layers.iter().enumerate() {
        let t = l.causes.total() as f64;
        let c: Vec<String> = l.causes.iter().filter(|x| x.1 > 0).map(|(c, n)| format!("{} {:.0}", c.label(), n as f64 / t * 100.)).collect();
        println!("{:24} {:>9} macs {:>5.0}M rd {:>7} wr {:>7} {}", net.layer(r.plan.ids[i]).name, l.cycles(), l.array.macs as f64 / 1e6, l.dma.read_bursts, l.dma.written_bursts, c.join(", "));
    }
    println!("total {} energy {:.1} uJ", r.run.cycles(), r.energy.iter().map(|e| e.total_pj()).sum::<f64>() / 1e6);
}

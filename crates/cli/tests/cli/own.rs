//! Records of our own, a few of each type.

use crate::support::Folder;

const ID: &str = "01913a5e-7c1b-7d3e-9f00-00000000000";

/// Type, query for all of it, its rows as CSV.
pub(crate) fn files() -> [(&'static str, &'static str, String); 9] {
    [
        ("trades", "query trades --history", trades()),
        ("orders", "query orders --history", orders()),
        ("fills", "query fills", fills()),
        ("positions", "query positions --history", POSITIONS.into()),
        ("metrics", "query metrics", METRICS.into()),
        ("latencies", "query latency --list", LATENCIES.into()),
        ("mev-events", "query mev --list", MEV.into()),
        ("system-events", "query events", EVENTS.into()),
        ("node-health", "query nodes", NODES.into()),
    ]
}

/// Three trades, the first in two versions: bought 2 SOL at 150, sold 1 at 160, a paper one of JUP.
pub(crate) fn trades() -> String {
    format!(
        "ts,id,version,trader_id,mode,action,base_token,quote_token,base_amount,quote_amount,\
         executed_price,transaction_fee,priority_fee,actual_slippage,status,request_id,latency_ns,metadata
2024-08-08T10:00:00Z,{ID}1,0,arb-1,live,buy,SOL,USDC,2,300,150,5000,1000,,submitted,req-1,,
2024-08-08T10:00:00Z,{ID}1,1,arb-1,live,buy,SOL,USDC,2,300,150,5000,1000,2.5,confirmed,req-1,2500000,\"{{\"\"hops\"\": 3}}\"
2024-08-08T10:00:01.000000001Z,{ID}2,0,arb-1,live,sell,SOL,USDC,1,160,160,5000,,-0.5,confirmed,req-2,,
2024-08-08T10:00:02Z,{ID}3,0,arb-2,paper,buy,JUP,USDC,10,5.25,0.525,5000,,,failed,,,
"
    )
}

/// Two orders, the first filled in its second version.
pub(crate) fn orders() -> String {
    format!(
        "ts,order_id,version,trader_id,venue,market,side,order_type,price,quantity,status,client_order_id,time_in_force
2024-08-08T10:00:00Z,{ID}4,0,mm-1,polymarket,0x1,buy,limit,0.52,100,open,c-1,gtc
2024-08-08T10:00:03Z,{ID}4,1,mm-1,polymarket,0x1,buy,limit,0.52,100,filled,c-1,gtc
2024-08-08T10:00:01Z,{ID}5,0,,kraken,BTC-USD,sell,market,,0.25,pending,c-2,
"
    )
}

fn fills() -> String {
    format!(
        "ts,fill_id,order_id,trader_id,venue,market,side,price,quantity,fee,fee_currency,venue_fill_id
2024-08-08T10:00:02Z,{ID}6,{ID}4,mm-1,polymarket,0x1,buy,0.52,60,0.1,USDC,f-1
2024-08-08T10:00:03Z,{ID}7,{ID}4,mm-1,polymarket,0x1,buy,0.51,40,-0.05,USDC,
"
    )
}

const POSITIONS: &str = "\
ts,trader_id,venue,market,version,amount,cost_basis,current_price,unrealized_pnl
2024-08-08T10:00:02Z,mm-1,polymarket,0x1,0,60,31.2,0.52,0
2024-08-08T10:00:03Z,mm-1,polymarket,0x1,0,100,51.6,0.53,1.4
2024-08-08T10:00:03Z,mm-1,polymarket,0x1,1,100,51.5,0.53,1.5
";

const METRICS: &str = "\
ts,stream,seq,name,value,labels
2024-08-08T10:00:00Z,bot-1,0,lag_ms,10.5,\"{\"\"symbol\"\":\"\"SOL/USDC\"\",\"\"venue\"\":\"\"orca\"\"}\"
2024-08-08T10:00:01Z,bot-1,1,lag_ms,20,\"{\"\"symbol\"\":\"\"SOL/USDC\"\"}\"
2024-08-08T10:01:00Z,bot-1,2,lag_ms,0.1,
2024-08-08T10:01:01Z,bot-1,3,queue,1e300,
";

/// Of router quote 1 to 4 ms and a failure; one confirm.
pub(crate) const LATENCIES: &str = "\
ts,stream,seq,service,operation,latency_ns,success,error_type
2024-08-08T10:00:00Z,bot-1,0,router,quote,1000000,true,
2024-08-08T10:00:01Z,bot-1,1,router,quote,2000000,true,
2024-08-08T10:00:02Z,bot-1,2,router,quote,4000000,true,
2024-08-08T10:00:03Z,bot-1,3,router,quote,3000000,true,
2024-08-08T10:00:04Z,bot-1,4,router,quote,900000000,false,timeout
2024-08-08T10:00:05Z,bot-1,5,executor,confirm,400000000,true,
";

const MEV: &str = "\
ts,stream,seq,trader_id,token_pair,trade_size,sandwich_probability,estimated_loss_bps,actual_loss_bps,protection_used,priority_fee_lamports,avoided
2024-08-08T10:00:00Z,bot-1,0,arb-1,SOL/USDC,12000,0.25,40,,true,1000,true
2024-08-08T10:00:01Z,bot-1,1,arb-1,SOL/USDC,5000,0.75,50,30,false,,false
";

const EVENTS: &str = "\
ts,stream,seq,severity,event_type,source,message,data
2024-08-08T10:00:00Z,bot-1,0,info,,router,started,
2024-08-08T10:00:01Z,bot-1,1,critical,out_of_funds,executor,\"no SOL left, \"\"really\"\"\",\"{\"\"lamports\"\":12}\"
";

const NODES: &str = "\
ts,node,latency_ms,error_rate,circuit_breaker_status,last_failure
2024-08-08T10:00:00Z,rpc-1,42,0.0125,closed,
2024-08-08T10:00:30Z,rpc-1,1300,0.5,open,2024-08-08T10:00:29.5Z
";

/// All of them imported.
pub(crate) fn folder() -> Folder {
    let folder = Folder::new();
    for (kind, _, text) in files() {
        folder.run_with(&format!("import --type {kind} -"), text).ok();
    }
    folder
}
